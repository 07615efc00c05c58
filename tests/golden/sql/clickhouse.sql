-- totals
SELECT
  "t4"."command" AS "command",
  COUNT(*) AS "people",
  SUM("t4"."runs") AS "runs",
  SUM("t4"."total_ms") AS "total_ms",
  SUM("t4"."failed") AS "failed",
  SUM("t4"."interrupted") AS "interrupted"
FROM (
  SELECT
    "t3"."command" AS "command",
    "t3"."user_id" AS "user_id",
    SUM("t3"."runs") AS "runs",
    SUM("t3"."total_ms") AS "total_ms",
    SUM("t3"."failed") AS "failed",
    SUM("t3"."interrupted") AS "interrupted"
  FROM (
    SELECT
      CASE
        WHEN "t2"."command" IN ('dev.down', 'dev.provision')
        THEN "t2"."command"
        ELSE 'other'
      END AS "command",
      "t2"."user_id" AS "user_id",
      "t2"."week" AS "week",
      "t2"."runs" AS "runs",
      "t2"."failed" AS "failed",
      "t2"."interrupted" AS "interrupted",
      "t2"."succeeded" AS "succeeded",
      "t2"."logarithms" AS "logarithms",
      "t2"."total_ms" AS "total_ms",
      "t2"."succeeded_ms" AS "succeeded_ms"
    FROM (
      SELECT
        "t1"."command" AS "command",
        "t1"."user_id" AS "user_id",
        "t1"."week" AS "week",
        COUNT(*) AS "runs",
        SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
        SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
        SUM("t1"."logarithm") AS "logarithms",
        SUM("t1"."duration_ms") AS "total_ms",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
      FROM (
        SELECT
          "t0"."command" AS "command",
          "t0"."user_id" AS "user_id",
          "t0"."duration_ms" AS "duration_ms",
          "t0"."exit_status" AS "exit_status",
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
          "t0"."git_checked_out_master" AS "on_master",
          LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
          CAST(FLOOR(
            (
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
            ) / (
              604800
            )
          ) AS Nullable(Int64)) AS "week",
          CASE
            WHEN "t0"."exit_status" = 0
            THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
            ELSE 0
          END AS "logarithm"
        FROM "devstack_command_run" AS "t0"
        WHERE
          isNotNull("t0"."command")
          AND isNotNull("t0"."user_id")
          AND isNotNull("t0"."duration_ms")
          AND isNotNull("t0"."exit_status")
          AND isNotNull("t0"."start_time")
          AND NOT (
            LOWER(COALESCE("t0"."is_test", '')) <> 'false'
          )
          AND "t0"."git_checked_out_master"
          AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
      ) AS "t1"
      GROUP BY
        "t1"."command",
        "t1"."user_id",
        "t1"."week"
    ) AS "t2"
  ) AS "t3"
  GROUP BY
    "t3"."command",
    "t3"."user_id"
) AS "t4"
GROUP BY
  "t4"."command";

-- people
SELECT
  COUNT(*) AS "people"
FROM (
  SELECT DISTINCT
    "t2"."user_id" AS "user_id"
  FROM (
    SELECT
      "t1"."command" AS "command",
      "t1"."user_id" AS "user_id",
      "t1"."week" AS "week",
      COUNT(*) AS "runs",
      SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
      SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
      SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
      SUM("t1"."logarithm") AS "logarithms",
      SUM("t1"."duration_ms") AS "total_ms",
      SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
    FROM (
      SELECT
        "t0"."command" AS "command",
        "t0"."user_id" AS "user_id",
        "t0"."duration_ms" AS "duration_ms",
        "t0"."exit_status" AS "exit_status",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
        "t0"."git_checked_out_master" AS "on_master",
        LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
        CAST(FLOOR(
          (
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
          ) / (
            604800
          )
        ) AS Nullable(Int64)) AS "week",
        CASE
          WHEN "t0"."exit_status" = 0
          THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
          ELSE 0
        END AS "logarithm"
      FROM "devstack_command_run" AS "t0"
      WHERE
        isNotNull("t0"."command")
        AND isNotNull("t0"."user_id")
        AND isNotNull("t0"."duration_ms")
        AND isNotNull("t0"."exit_status")
        AND isNotNull("t0"."start_time")
        AND NOT (
          LOWER(COALESCE("t0"."is_test", '')) <> 'false'
        )
        AND "t0"."git_checked_out_master"
        AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
    ) AS "t1"
    GROUP BY
      "t1"."command",
      "t1"."user_id",
      "t1"."week"
  ) AS "t2"
) AS "t3";

-- spread
SELECT
  "t3"."command" AS "command",
  MAX("t3"."count") AS "count",
  MIN(
    CASE
      WHEN "t3"."up_to" > CAST(FLOOR((
        (
          "t3"."count" - 1
        ) * 50
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t3"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t3"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t3"."count" - 1
                ) * 50
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t3"."count" - 1
            )
            THEN "t3"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t3"."up_to" > CAST(FLOOR((
              (
                "t3"."count" - 1
              ) * 50
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t3"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t3"."count" - 1
        ) * 50) % 100
      )
    ) / 100
  ) AS "p50",
  MIN(
    CASE
      WHEN "t3"."up_to" > CAST(FLOOR((
        (
          "t3"."count" - 1
        ) * 95
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t3"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t3"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t3"."count" - 1
                ) * 95
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t3"."count" - 1
            )
            THEN "t3"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t3"."up_to" > CAST(FLOOR((
              (
                "t3"."count" - 1
              ) * 95
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t3"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t3"."count" - 1
        ) * 95) % 100
      )
    ) / 100
  ) AS "p95"
FROM (
  SELECT
    "t2"."command" AS "command",
    "t2"."value" AS "value",
    "t2"."number" AS "number",
    SUM("t2"."number") OVER (
      PARTITION BY "t2"."command"
      ORDER BY "t2"."value" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "up_to",
    SUM("t2"."number") OVER (
      PARTITION BY "t2"."command"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "count"
  FROM (
    SELECT
      "t1"."command" AS "command",
      "t1"."value" AS "value",
      COUNT(*) AS "number"
    FROM (
      SELECT
        "t0"."command" AS "command",
        "t0"."user_id" AS "user_id",
        "t0"."duration_ms" AS "duration_ms",
        "t0"."exit_status" AS "exit_status",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
        "t0"."git_checked_out_master" AS "on_master",
        LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
        "t0"."duration_ms" AS "value"
      FROM "devstack_command_run" AS "t0"
      WHERE
        isNotNull("t0"."command")
        AND isNotNull("t0"."user_id")
        AND isNotNull("t0"."duration_ms")
        AND isNotNull("t0"."exit_status")
        AND isNotNull("t0"."start_time")
        AND NOT (
          LOWER(COALESCE("t0"."is_test", '')) <> 'false'
        )
        AND "t0"."git_checked_out_master"
        AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
    ) AS "t1"
    GROUP BY
      "t1"."command",
      "t1"."value"
  ) AS "t2"
) AS "t3"
GROUP BY
  "t3"."command";

-- weeks
SELECT
  "t3"."command" AS "command",
  "t3"."week" AS "week",
  MAX("t3"."count") AS "count",
  MIN(
    CASE
      WHEN "t3"."up_to" > CAST(FLOOR((
        (
          "t3"."count" - 1
        ) * 50
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t3"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t3"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t3"."count" - 1
                ) * 50
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t3"."count" - 1
            )
            THEN "t3"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t3"."up_to" > CAST(FLOOR((
              (
                "t3"."count" - 1
              ) * 50
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t3"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t3"."count" - 1
        ) * 50) % 100
      )
    ) / 100
  ) AS "p50",
  MIN(
    CASE
      WHEN "t3"."up_to" > CAST(FLOOR((
        (
          "t3"."count" - 1
        ) * 90
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t3"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t3"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t3"."count" - 1
                ) * 90
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t3"."count" - 1
            )
            THEN "t3"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t3"."up_to" > CAST(FLOOR((
              (
                "t3"."count" - 1
              ) * 90
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t3"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t3"."count" - 1
        ) * 90) % 100
      )
    ) / 100
  ) AS "p90"
FROM (
  SELECT
    "t2"."command" AS "command",
    "t2"."week" AS "week",
    "t2"."value" AS "value",
    "t2"."number" AS "number",
    SUM("t2"."number") OVER (
      PARTITION BY "t2"."command", "t2"."week"
      ORDER BY "t2"."value" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "up_to",
    SUM("t2"."number") OVER (
      PARTITION BY "t2"."command", "t2"."week"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "count"
  FROM (
    SELECT
      "t1"."command" AS "command",
      "t1"."week" AS "week",
      "t1"."value" AS "value",
      COUNT(*) AS "number"
    FROM (
      SELECT
        "t0"."command" AS "command",
        "t0"."user_id" AS "user_id",
        "t0"."duration_ms" AS "duration_ms",
        "t0"."exit_status" AS "exit_status",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
        "t0"."git_checked_out_master" AS "on_master",
        LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
        "t0"."duration_ms" AS "value",
        CAST(FLOOR(
          (
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
          ) / (
            604800
          )
        ) AS Nullable(Int64)) AS "week"
      FROM "devstack_command_run" AS "t0"
      WHERE
        isNotNull("t0"."command")
        AND isNotNull("t0"."user_id")
        AND isNotNull("t0"."duration_ms")
        AND isNotNull("t0"."exit_status")
        AND isNotNull("t0"."start_time")
        AND NOT (
          LOWER(COALESCE("t0"."is_test", '')) <> 'false'
        )
        AND "t0"."git_checked_out_master"
        AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
    ) AS "t1"
    GROUP BY
      "t1"."command",
      "t1"."week",
      "t1"."value"
  ) AS "t2"
) AS "t3"
GROUP BY
  "t3"."command",
  "t3"."week";

-- hours
SELECT
  *
FROM (
  SELECT
    CAST(FLOOR((
      "t1"."start_s" + 259200
    ) / (
      3600
    )) AS Nullable(Int64)) % 168 AS "hour",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted"
  FROM (
    SELECT
      "t0"."command" AS "command",
      "t0"."user_id" AS "user_id",
      "t0"."duration_ms" AS "duration_ms",
      "t0"."exit_status" AS "exit_status",
      CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
      CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
    FROM "devstack_command_run" AS "t0"
    WHERE
      isNotNull("t0"."command")
      AND isNotNull("t0"."user_id")
      AND isNotNull("t0"."duration_ms")
      AND isNotNull("t0"."exit_status")
      AND isNotNull("t0"."start_time")
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
  ) AS "t1"
  GROUP BY
    CAST(FLOOR((
      "t1"."start_s" + 259200
    ) / (
      3600
    )) AS Nullable(Int64)) % 168
) AS "t2"
ORDER BY
  "t2"."hour" ASC;

-- timeline
SELECT
  *
FROM (
  SELECT
    "t3"."week" AS "week",
    COUNT(*) AS "people",
    SUM("t3"."runs") AS "runs",
    SUM("t3"."total_ms") AS "total_ms",
    SUM("t3"."failed") AS "failed",
    SUM("t3"."interrupted") AS "interrupted"
  FROM (
    SELECT
      "t2"."week" AS "week",
      "t2"."user_id" AS "user_id",
      SUM("t2"."runs") AS "runs",
      SUM("t2"."total_ms") AS "total_ms",
      SUM("t2"."failed") AS "failed",
      SUM("t2"."interrupted") AS "interrupted"
    FROM (
      SELECT
        "t1"."command" AS "command",
        "t1"."user_id" AS "user_id",
        "t1"."week" AS "week",
        COUNT(*) AS "runs",
        SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
        SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
        SUM("t1"."logarithm") AS "logarithms",
        SUM("t1"."duration_ms") AS "total_ms",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
      FROM (
        SELECT
          "t0"."command" AS "command",
          "t0"."user_id" AS "user_id",
          "t0"."duration_ms" AS "duration_ms",
          "t0"."exit_status" AS "exit_status",
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
          "t0"."git_checked_out_master" AS "on_master",
          LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
          CAST(FLOOR(
            (
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
            ) / (
              604800
            )
          ) AS Nullable(Int64)) AS "week",
          CASE
            WHEN "t0"."exit_status" = 0
            THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
            ELSE 0
          END AS "logarithm"
        FROM "devstack_command_run" AS "t0"
        WHERE
          isNotNull("t0"."command")
          AND isNotNull("t0"."user_id")
          AND isNotNull("t0"."duration_ms")
          AND isNotNull("t0"."exit_status")
          AND isNotNull("t0"."start_time")
          AND NOT (
            LOWER(COALESCE("t0"."is_test", '')) <> 'false'
          )
          AND "t0"."git_checked_out_master"
          AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
      ) AS "t1"
      GROUP BY
        "t1"."command",
        "t1"."user_id",
        "t1"."week"
    ) AS "t2"
    GROUP BY
      "t2"."week",
      "t2"."user_id"
  ) AS "t3"
  GROUP BY
    "t3"."week"
) AS "t4"
ORDER BY
  "t4"."week" ASC;

-- ages
SELECT
  *
FROM (
  SELECT
    "t2"."week" AS "week",
    COUNT(*) AS "people",
    SUM(CASE WHEN "t2"."age_s" >= 86400 THEN 1 ELSE 0 END) AS "at_least_1",
    SUM(CASE WHEN "t2"."age_s" >= 604800 THEN 1 ELSE 0 END) AS "at_least_7",
    SUM(CASE WHEN "t2"."age_s" >= 2419200 THEN 1 ELSE 0 END) AS "at_least_28"
  FROM (
    SELECT
      "t1"."week" AS "week",
      "t1"."user_id" AS "user_id",
      CAST(FLOOR((
        SUM("t1"."age_s")
      ) / (
        COUNT(*)
      )) AS Nullable(Int64)) AS "age_s"
    FROM (
      SELECT
        "t0"."command" AS "command",
        "t0"."user_id" AS "user_id",
        "t0"."duration_ms" AS "duration_ms",
        "t0"."exit_status" AS "exit_status",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
        "t0"."git_checked_out_master" AS "on_master",
        LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
        CAST(FLOOR(
          (
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
          ) / (
            604800
          )
        ) AS Nullable(Int64)) AS "week",
        GREATEST(
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) - CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)),
          0
        ) AS "age_s"
      FROM "devstack_command_run" AS "t0"
      WHERE
        isNotNull("t0"."command")
        AND isNotNull("t0"."user_id")
        AND isNotNull("t0"."duration_ms")
        AND isNotNull("t0"."exit_status")
        AND isNotNull("t0"."start_time")
        AND NOT (
          LOWER(COALESCE("t0"."is_test", '')) <> 'false'
        )
        AND "t0"."git_checked_out_master"
        AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
        AND isNotNull(
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64))
        )
    ) AS "t1"
    GROUP BY
      "t1"."week",
      "t1"."user_id"
  ) AS "t2"
  GROUP BY
    "t2"."week"
) AS "t3"
ORDER BY
  "t3"."week" ASC;

-- weekly
SELECT
  "t10".*
  EXCEPT ("user_id")
FROM (
  SELECT
    "t7"."command" AS "command",
    "t7"."user_id" AS "user_id",
    "t7"."week" AS "week",
    "t7"."runs" AS "runs",
    "t7"."failed" AS "failed",
    "t7"."interrupted" AS "interrupted",
    "t7"."succeeded" AS "succeeded",
    "t7"."logarithms" AS "logarithms",
    "t7"."succeeded_ms" AS "succeeded_ms",
    "t9"."person" AS "person"
  FROM (
    SELECT
      CAST(CASE
        WHEN "t4"."command" = 'dev.down'
        THEN 0
        WHEN "t4"."command" = 'dev.provision'
        THEN 1
        ELSE NULL
      END AS Nullable(Int64)) AS "command",
      "t4"."user_id" AS "user_id",
      "t4"."week" AS "week",
      "t4"."runs" AS "runs",
      "t4"."failed" AS "failed",
      "t4"."interrupted" AS "interrupted",
      "t4"."succeeded" AS "succeeded",
      "t4"."logarithms" AS "logarithms",
      "t4"."succeeded_ms" AS "succeeded_ms"
    FROM (
      SELECT
        "t3".*
        EXCEPT ("total_ms")
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t1"."command" AS "command",
            "t1"."user_id" AS "user_id",
            "t1"."week" AS "week",
            COUNT(*) AS "runs",
            SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
            SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
            SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
            SUM("t1"."logarithm") AS "logarithms",
            SUM("t1"."duration_ms") AS "total_ms",
            SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
          FROM (
            SELECT
              "t0"."command" AS "command",
              "t0"."user_id" AS "user_id",
              "t0"."duration_ms" AS "duration_ms",
              "t0"."exit_status" AS "exit_status",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
              CAST(FLOOR(
                (
                  CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
                ) / (
                  604800
                )
              ) AS Nullable(Int64)) AS "week",
              CASE
                WHEN "t0"."exit_status" = 0
                THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
                ELSE 0
              END AS "logarithm"
            FROM "devstack_command_run" AS "t0"
            WHERE
              isNotNull("t0"."command")
              AND isNotNull("t0"."user_id")
              AND isNotNull("t0"."duration_ms")
              AND isNotNull("t0"."exit_status")
              AND isNotNull("t0"."start_time")
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
          ) AS "t1"
          GROUP BY
            "t1"."command",
            "t1"."user_id",
            "t1"."week"
        ) AS "t2"
        WHERE
          "t2"."command" IN ('dev.down', 'dev.provision')
      ) AS "t3"
    ) AS "t4"
  ) AS "t7"
  INNER JOIN (
    SELECT
      "t5"."user_id" AS "user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t5"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t4"."user_id" AS "user_id"
      FROM (
        SELECT
          "t3".*
          EXCEPT ("total_ms")
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t1"."command" AS "command",
              "t1"."user_id" AS "user_id",
              "t1"."week" AS "week",
              COUNT(*) AS "runs",
              SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
              SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
              SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
              SUM("t1"."logarithm") AS "logarithms",
              SUM("t1"."duration_ms") AS "total_ms",
              SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
            FROM (
              SELECT
                "t0"."command" AS "command",
                "t0"."user_id" AS "user_id",
                "t0"."duration_ms" AS "duration_ms",
                "t0"."exit_status" AS "exit_status",
                CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
                CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
                "t0"."git_checked_out_master" AS "on_master",
                LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
                CAST(FLOOR(
                  (
                    CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
                  ) / (
                    604800
                  )
                ) AS Nullable(Int64)) AS "week",
                CASE
                  WHEN "t0"."exit_status" = 0
                  THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
                  ELSE 0
                END AS "logarithm"
              FROM "devstack_command_run" AS "t0"
              WHERE
                isNotNull("t0"."command")
                AND isNotNull("t0"."user_id")
                AND isNotNull("t0"."duration_ms")
                AND isNotNull("t0"."exit_status")
                AND isNotNull("t0"."start_time")
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
            ) AS "t1"
            GROUP BY
              "t1"."command",
              "t1"."user_id",
              "t1"."week"
          ) AS "t2"
          WHERE
            "t2"."command" IN ('dev.down', 'dev.provision')
        ) AS "t3"
      ) AS "t4"
    ) AS "t5"
  ) AS "t9"
    ON "t7"."user_id" = "t9"."user_id"
) AS "t10";

-- commits
WITH "t2" AS (
  SELECT
    "t1"."command" AS "command",
    "t1"."user_id" AS "user_id",
    "t1"."week" AS "week",
    "t1"."day" AS "day",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
    SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
    SUM("t1"."logarithm") AS "logarithms",
    SUM("t1"."duration_ms") AS "total_ms",
    SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
  FROM (
    SELECT
      "t0"."command" AS "command",
      "t0"."user_id" AS "user_id",
      "t0"."duration_ms" AS "duration_ms",
      "t0"."exit_status" AS "exit_status",
      CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
      CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
      CAST(FLOOR(
        (
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) + 259200
        ) / (
          604800
        )
      ) AS Nullable(Int64)) AS "week",
      CAST(FLOOR(
        (
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64))
        ) / (
          86400
        )
      ) AS Nullable(Int64)) AS "day",
      CASE
        WHEN "t0"."exit_status" = 0
        THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
        ELSE 0
      END AS "logarithm"
    FROM "devstack_command_run" AS "t0"
    WHERE
      isNotNull("t0"."command")
      AND isNotNull("t0"."user_id")
      AND isNotNull("t0"."duration_ms")
      AND isNotNull("t0"."exit_status")
      AND isNotNull("t0"."start_time")
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
      AND "t0"."command" IN ('dev.provision')
      AND isNotNull(
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64))
      )
  ) AS "t1"
  GROUP BY
    "t1"."command",
    "t1"."user_id",
    "t1"."week",
    "t1"."day"
)
SELECT
  "t8".*
  EXCEPT ("user_id")
FROM (
  SELECT
    "t4"."command" AS "command",
    "t4"."user_id" AS "user_id",
    "t4"."week" AS "week",
    "t4"."day" AS "day",
    "t4"."runs" AS "runs",
    "t4"."failed" AS "failed",
    "t4"."interrupted" AS "interrupted",
    "t4"."succeeded" AS "succeeded",
    "t4"."logarithms" AS "logarithms",
    "t4"."total_ms" AS "total_ms",
    "t4"."succeeded_ms" AS "succeeded_ms",
    "t7"."person" AS "person"
  FROM "t2" AS "t4"
  INNER JOIN (
    SELECT
      "t5"."user_id" AS "user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t5"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t3"."user_id" AS "user_id"
      FROM "t2" AS "t3"
    ) AS "t5"
  ) AS "t7"
    ON "t4"."user_id" = "t7"."user_id"
) AS "t8";

-- sides
WITH "t2" AS (
  SELECT
    "t1"."user_id" AS "user_id",
    "t1"."after" AS "after",
    "t1"."day" AS "day",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
    SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
    SUM("t1"."logarithm") AS "logarithms",
    SUM("t1"."logarithm" * "t1"."logarithm") AS "squares"
  FROM (
    SELECT
      "t0"."command" AS "command",
      "t0"."user_id" AS "user_id",
      "t0"."duration_ms" AS "duration_ms",
      "t0"."exit_status" AS "exit_status",
      CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
      CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
      CASE
        WHEN CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1777370400
        THEN 1
        ELSE 0
      END AS "after",
      CAST(FLOOR(
        (
          (
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) - 1777370400
          ) + 8640000000
        ) / (
          86400
        )
      ) AS Nullable(Int64)) - 100000 AS "day",
      CASE
        WHEN "t0"."exit_status" = 0
        THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
        ELSE 0
      END AS "logarithm"
    FROM "devstack_command_run" AS "t0"
    WHERE
      isNotNull("t0"."command")
      AND isNotNull("t0"."user_id")
      AND isNotNull("t0"."duration_ms")
      AND isNotNull("t0"."exit_status")
      AND isNotNull("t0"."start_time")
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
      AND "t0"."command" = 'dev.provision'
      AND isNotNull(
        CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64))
      )
  ) AS "t1"
  GROUP BY
    "t1"."user_id",
    "t1"."after",
    "t1"."day"
)
SELECT
  "t8".*
  EXCEPT ("user_id")
FROM (
  SELECT
    "t4"."user_id" AS "user_id",
    "t4"."after" AS "after",
    "t4"."day" AS "day",
    "t4"."runs" AS "runs",
    "t4"."failed" AS "failed",
    "t4"."interrupted" AS "interrupted",
    "t4"."succeeded" AS "succeeded",
    "t4"."logarithms" AS "logarithms",
    "t4"."squares" AS "squares",
    "t7"."person" AS "person"
  FROM "t2" AS "t4"
  INNER JOIN (
    SELECT
      "t5"."user_id" AS "user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t5"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t3"."user_id" AS "user_id"
      FROM "t2" AS "t3"
    ) AS "t5"
  ) AS "t7"
    ON "t4"."user_id" = "t7"."user_id"
) AS "t8";

