-- left out
SELECT
  COALESCE(SUM("t4"."runs"), 0) AS "events"
FROM (
  SELECT
    *
  FROM (
    SELECT
      "t2"."command" AS "command",
      "t2"."user_id" AS "user_id",
      "t2"."week" AS "week",
      "t2"."is_run" AS "is_run",
      COUNT(*) AS "runs",
      SUM(CASE WHEN "t2"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
      SUM(CASE WHEN "t2"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
      SUM(CASE WHEN "t2"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
      SUM("t2"."logarithm") AS "logarithms",
      SUM("t2"."duration_ms") AS "total_ms",
      SUM(CASE WHEN "t2"."exit_status" = 0 THEN "t2"."duration_ms" ELSE 0 END) AS "succeeded_ms"
    FROM (
      SELECT
        "t1"."is_run" AS "is_run",
        "t1"."command" AS "command",
        "t1"."user_id" AS "user_id",
        "t1"."duration_ms" AS "duration_ms",
        "t1"."exit_status" AS "exit_status",
        "t1"."start_s" AS "start_s",
        "t1"."commit_s" AS "commit_s",
        "t1"."on_master" AS "on_master",
        "t1"."is_test" AS "is_test",
        "t1"."week" AS "week",
        CASE
          WHEN "t1"."exit_status" = 0
          THEN CAST(ROUND(LN(CAST(GREATEST("t1"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
          ELSE 0
        END AS "logarithm"
      FROM (
        SELECT
          COALESCE(
            isNotNull("t0"."user_id")
            AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
            AND isNotNull("t0"."exit_status")
            AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ) AS "is_run",
          "t0"."command" AS "command",
          "t0"."user_id" AS "user_id",
          CASE
            WHEN COALESCE(
              isNotNull("t0"."user_id")
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND isNotNull("t0"."exit_status")
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
              FALSE
            )
            THEN "t0"."duration_ms"
            ELSE 0
          END AS "duration_ms",
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
          ) AS Nullable(Int64)) AS "week"
        FROM "devstack_command_run" AS "t0"
        WHERE
          isNotNull("t0"."command")
          AND NOT (
            LOWER(COALESCE("t0"."is_test", '')) <> 'false'
          )
          AND "t0"."git_checked_out_master"
          AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
      ) AS "t1"
    ) AS "t2"
    GROUP BY
      "t2"."command",
      "t2"."user_id",
      "t2"."week",
      "t2"."is_run"
  ) AS "t3"
  WHERE
    NOT (
      "t3"."is_run"
    )
) AS "t4";

-- totals
SELECT
  "t7"."command" AS "command",
  COUNT(*) AS "people",
  SUM("t7"."runs") AS "runs",
  SUM("t7"."total_ms") AS "total_ms",
  SUM("t7"."failed") AS "failed",
  SUM("t7"."interrupted") AS "interrupted"
FROM (
  SELECT
    "t6"."command" AS "command",
    "t6"."user_id" AS "user_id",
    SUM("t6"."runs") AS "runs",
    SUM("t6"."total_ms") AS "total_ms",
    SUM("t6"."failed") AS "failed",
    SUM("t6"."interrupted") AS "interrupted"
  FROM (
    SELECT
      CASE
        WHEN "t5"."command" IN ('dev.down', 'dev.provision')
        THEN "t5"."command"
        ELSE 'other'
      END AS "command",
      "t5"."user_id" AS "user_id",
      "t5"."week" AS "week",
      "t5"."runs" AS "runs",
      "t5"."failed" AS "failed",
      "t5"."interrupted" AS "interrupted",
      "t5"."succeeded" AS "succeeded",
      "t5"."logarithms" AS "logarithms",
      "t5"."total_ms" AS "total_ms",
      "t5"."succeeded_ms" AS "succeeded_ms"
    FROM (
      SELECT
        "t4".*
        EXCEPT ("is_run")
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t2"."command" AS "command",
            "t2"."user_id" AS "user_id",
            "t2"."week" AS "week",
            "t2"."is_run" AS "is_run",
            COUNT(*) AS "runs",
            SUM(CASE WHEN "t2"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
            SUM(CASE WHEN "t2"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
            SUM(CASE WHEN "t2"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
            SUM("t2"."logarithm") AS "logarithms",
            SUM("t2"."duration_ms") AS "total_ms",
            SUM(CASE WHEN "t2"."exit_status" = 0 THEN "t2"."duration_ms" ELSE 0 END) AS "succeeded_ms"
          FROM (
            SELECT
              "t1"."is_run" AS "is_run",
              "t1"."command" AS "command",
              "t1"."user_id" AS "user_id",
              "t1"."duration_ms" AS "duration_ms",
              "t1"."exit_status" AS "exit_status",
              "t1"."start_s" AS "start_s",
              "t1"."commit_s" AS "commit_s",
              "t1"."on_master" AS "on_master",
              "t1"."is_test" AS "is_test",
              "t1"."week" AS "week",
              CASE
                WHEN "t1"."exit_status" = 0
                THEN CAST(ROUND(LN(CAST(GREATEST("t1"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
                ELSE 0
              END AS "logarithm"
            FROM (
              SELECT
                COALESCE(
                  isNotNull("t0"."user_id")
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND isNotNull("t0"."exit_status")
                  AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS "is_run",
                "t0"."command" AS "command",
                "t0"."user_id" AS "user_id",
                CASE
                  WHEN COALESCE(
                    isNotNull("t0"."user_id")
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND isNotNull("t0"."exit_status")
                    AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  )
                  THEN "t0"."duration_ms"
                  ELSE 0
                END AS "duration_ms",
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
                ) AS Nullable(Int64)) AS "week"
              FROM "devstack_command_run" AS "t0"
              WHERE
                isNotNull("t0"."command")
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
            ) AS "t1"
          ) AS "t2"
          GROUP BY
            "t2"."command",
            "t2"."user_id",
            "t2"."week",
            "t2"."is_run"
        ) AS "t3"
        WHERE
          "t3"."is_run"
      ) AS "t4"
    ) AS "t5"
  ) AS "t6"
  GROUP BY
    "t6"."command",
    "t6"."user_id"
) AS "t7"
GROUP BY
  "t7"."command";

-- people
SELECT
  COUNT(*) AS "people"
FROM (
  SELECT DISTINCT
    "t5"."user_id" AS "user_id"
  FROM (
    SELECT
      "t4".*
      EXCEPT ("is_run")
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t2"."command" AS "command",
          "t2"."user_id" AS "user_id",
          "t2"."week" AS "week",
          "t2"."is_run" AS "is_run",
          COUNT(*) AS "runs",
          SUM(CASE WHEN "t2"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
          SUM(CASE WHEN "t2"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
          SUM(CASE WHEN "t2"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
          SUM("t2"."logarithm") AS "logarithms",
          SUM("t2"."duration_ms") AS "total_ms",
          SUM(CASE WHEN "t2"."exit_status" = 0 THEN "t2"."duration_ms" ELSE 0 END) AS "succeeded_ms"
        FROM (
          SELECT
            "t1"."is_run" AS "is_run",
            "t1"."command" AS "command",
            "t1"."user_id" AS "user_id",
            "t1"."duration_ms" AS "duration_ms",
            "t1"."exit_status" AS "exit_status",
            "t1"."start_s" AS "start_s",
            "t1"."commit_s" AS "commit_s",
            "t1"."on_master" AS "on_master",
            "t1"."is_test" AS "is_test",
            "t1"."week" AS "week",
            CASE
              WHEN "t1"."exit_status" = 0
              THEN CAST(ROUND(LN(CAST(GREATEST("t1"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
              ELSE 0
            END AS "logarithm"
          FROM (
            SELECT
              COALESCE(
                isNotNull("t0"."user_id")
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND isNotNull("t0"."exit_status")
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS "is_run",
              "t0"."command" AS "command",
              "t0"."user_id" AS "user_id",
              CASE
                WHEN COALESCE(
                  isNotNull("t0"."user_id")
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND isNotNull("t0"."exit_status")
                  AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                )
                THEN "t0"."duration_ms"
                ELSE 0
              END AS "duration_ms",
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
              ) AS Nullable(Int64)) AS "week"
            FROM "devstack_command_run" AS "t0"
            WHERE
              isNotNull("t0"."command")
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
          ) AS "t1"
        ) AS "t2"
        GROUP BY
          "t2"."command",
          "t2"."user_id",
          "t2"."week",
          "t2"."is_run"
      ) AS "t3"
      WHERE
        "t3"."is_run"
    ) AS "t4"
  ) AS "t5"
) AS "t6";

-- spread
SELECT
  "t6"."command" AS "command",
  MAX("t6"."count") AS "count",
  MIN(
    CASE
      WHEN "t6"."up_to" > CAST(FLOOR((
        (
          "t6"."count" - 1
        ) * 50
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t6"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t6"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t6"."count" - 1
                ) * 50
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t6"."count" - 1
            )
            THEN "t6"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t6"."up_to" > CAST(FLOOR((
              (
                "t6"."count" - 1
              ) * 50
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t6"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 50) % 100
      )
    ) / 100
  ) AS "p50",
  MIN(
    CASE
      WHEN "t6"."up_to" > CAST(FLOOR((
        (
          "t6"."count" - 1
        ) * 95
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t6"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t6"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t6"."count" - 1
                ) * 95
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t6"."count" - 1
            )
            THEN "t6"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t6"."up_to" > CAST(FLOOR((
              (
                "t6"."count" - 1
              ) * 95
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t6"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 95) % 100
      )
    ) / 100
  ) AS "p95"
FROM (
  SELECT
    "t5"."command" AS "command",
    "t5"."value" AS "value",
    "t5"."number" AS "number",
    SUM("t5"."number") OVER (
      PARTITION BY "t5"."command"
      ORDER BY "t5"."value" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "up_to",
    SUM("t5"."number") OVER (
      PARTITION BY "t5"."command"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "count"
  FROM (
    SELECT
      "t4"."command" AS "command",
      "t4"."value" AS "value",
      COUNT(*) AS "number"
    FROM (
      SELECT
        "t3"."command" AS "command",
        "t3"."user_id" AS "user_id",
        "t3"."duration_ms" AS "duration_ms",
        "t3"."exit_status" AS "exit_status",
        "t3"."start_s" AS "start_s",
        "t3"."commit_s" AS "commit_s",
        "t3"."on_master" AS "on_master",
        "t3"."is_test" AS "is_test",
        "t3"."duration_ms" AS "value"
      FROM (
        SELECT
          "t2".*
          EXCEPT ("is_run")
        FROM (
          SELECT
            *
          FROM (
            SELECT
              COALESCE(
                isNotNull("t0"."user_id")
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND isNotNull("t0"."exit_status")
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS "is_run",
              "t0"."command" AS "command",
              "t0"."user_id" AS "user_id",
              CASE
                WHEN COALESCE(
                  isNotNull("t0"."user_id")
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND isNotNull("t0"."exit_status")
                  AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                )
                THEN "t0"."duration_ms"
                ELSE 0
              END AS "duration_ms",
              "t0"."exit_status" AS "exit_status",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
            FROM "devstack_command_run" AS "t0"
            WHERE
              isNotNull("t0"."command")
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
          ) AS "t1"
          WHERE
            "t1"."is_run"
        ) AS "t2"
      ) AS "t3"
    ) AS "t4"
    GROUP BY
      "t4"."command",
      "t4"."value"
  ) AS "t5"
) AS "t6"
GROUP BY
  "t6"."command";

-- weeks
SELECT
  "t6"."command" AS "command",
  "t6"."week" AS "week",
  MAX("t6"."count") AS "count",
  MIN(
    CASE
      WHEN "t6"."up_to" > CAST(FLOOR((
        (
          "t6"."count" - 1
        ) * 50
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t6"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t6"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t6"."count" - 1
                ) * 50
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t6"."count" - 1
            )
            THEN "t6"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t6"."up_to" > CAST(FLOOR((
              (
                "t6"."count" - 1
              ) * 50
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t6"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 50) % 100
      )
    ) / 100
  ) AS "p50",
  MIN(
    CASE
      WHEN "t6"."up_to" > CAST(FLOOR((
        (
          "t6"."count" - 1
        ) * 90
      ) / (
        100
      )) AS Nullable(Int64))
      THEN "t6"."value"
      ELSE NULL
    END
  ) + (
    (
      (
        MIN(
          CASE
            WHEN "t6"."up_to" > LEAST(
              CAST(FLOOR((
                (
                  "t6"."count" - 1
                ) * 90
              ) / (
                100
              )) AS Nullable(Int64)) + 1,
              "t6"."count" - 1
            )
            THEN "t6"."value"
            ELSE NULL
          END
        ) - MIN(
          CASE
            WHEN "t6"."up_to" > CAST(FLOOR((
              (
                "t6"."count" - 1
              ) * 90
            ) / (
              100
            )) AS Nullable(Int64))
            THEN "t6"."value"
            ELSE NULL
          END
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 90) % 100
      )
    ) / 100
  ) AS "p90"
FROM (
  SELECT
    "t5"."command" AS "command",
    "t5"."week" AS "week",
    "t5"."value" AS "value",
    "t5"."number" AS "number",
    SUM("t5"."number") OVER (
      PARTITION BY "t5"."command", "t5"."week"
      ORDER BY "t5"."value" ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS "up_to",
    SUM("t5"."number") OVER (
      PARTITION BY "t5"."command", "t5"."week"
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS "count"
  FROM (
    SELECT
      "t4"."command" AS "command",
      "t4"."week" AS "week",
      "t4"."value" AS "value",
      COUNT(*) AS "number"
    FROM (
      SELECT
        "t3"."command" AS "command",
        "t3"."user_id" AS "user_id",
        "t3"."duration_ms" AS "duration_ms",
        "t3"."exit_status" AS "exit_status",
        "t3"."start_s" AS "start_s",
        "t3"."commit_s" AS "commit_s",
        "t3"."on_master" AS "on_master",
        "t3"."is_test" AS "is_test",
        "t3"."duration_ms" AS "value",
        CAST(FLOOR((
          "t3"."start_s" + 259200
        ) / (
          604800
        )) AS Nullable(Int64)) AS "week"
      FROM (
        SELECT
          "t2".*
          EXCEPT ("is_run")
        FROM (
          SELECT
            *
          FROM (
            SELECT
              COALESCE(
                isNotNull("t0"."user_id")
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND isNotNull("t0"."exit_status")
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS "is_run",
              "t0"."command" AS "command",
              "t0"."user_id" AS "user_id",
              CASE
                WHEN COALESCE(
                  isNotNull("t0"."user_id")
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND isNotNull("t0"."exit_status")
                  AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                )
                THEN "t0"."duration_ms"
                ELSE 0
              END AS "duration_ms",
              "t0"."exit_status" AS "exit_status",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
            FROM "devstack_command_run" AS "t0"
            WHERE
              isNotNull("t0"."command")
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
          ) AS "t1"
          WHERE
            "t1"."is_run"
        ) AS "t2"
      ) AS "t3"
    ) AS "t4"
    GROUP BY
      "t4"."command",
      "t4"."week",
      "t4"."value"
  ) AS "t5"
) AS "t6"
GROUP BY
  "t6"."command",
  "t6"."week";

-- hours
SELECT
  *
FROM (
  SELECT
    CAST(FLOOR((
      "t3"."start_s" + 259200
    ) / (
      3600
    )) AS Nullable(Int64)) % 168 AS "hour",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t3"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t3"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted"
  FROM (
    SELECT
      "t2".*
      EXCEPT ("is_run")
    FROM (
      SELECT
        *
      FROM (
        SELECT
          COALESCE(
            isNotNull("t0"."user_id")
            AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
            AND isNotNull("t0"."exit_status")
            AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ) AS "is_run",
          "t0"."command" AS "command",
          "t0"."user_id" AS "user_id",
          CASE
            WHEN COALESCE(
              isNotNull("t0"."user_id")
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND isNotNull("t0"."exit_status")
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
              FALSE
            )
            THEN "t0"."duration_ms"
            ELSE 0
          END AS "duration_ms",
          "t0"."exit_status" AS "exit_status",
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
          CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
          "t0"."git_checked_out_master" AS "on_master",
          LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
        FROM "devstack_command_run" AS "t0"
        WHERE
          isNotNull("t0"."command")
          AND NOT (
            LOWER(COALESCE("t0"."is_test", '')) <> 'false'
          )
          AND "t0"."git_checked_out_master"
          AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
      ) AS "t1"
      WHERE
        "t1"."is_run"
    ) AS "t2"
  ) AS "t3"
  GROUP BY
    CAST(FLOOR((
      "t3"."start_s" + 259200
    ) / (
      3600
    )) AS Nullable(Int64)) % 168
) AS "t4"
ORDER BY
  "t4"."hour" ASC;

-- timeline
SELECT
  *
FROM (
  SELECT
    "t6"."week" AS "week",
    COUNT(*) AS "people",
    SUM("t6"."runs") AS "runs",
    SUM("t6"."total_ms") AS "total_ms",
    SUM("t6"."failed") AS "failed",
    SUM("t6"."interrupted") AS "interrupted"
  FROM (
    SELECT
      "t5"."week" AS "week",
      "t5"."user_id" AS "user_id",
      SUM("t5"."runs") AS "runs",
      SUM("t5"."total_ms") AS "total_ms",
      SUM("t5"."failed") AS "failed",
      SUM("t5"."interrupted") AS "interrupted"
    FROM (
      SELECT
        "t4".*
        EXCEPT ("is_run")
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t2"."command" AS "command",
            "t2"."user_id" AS "user_id",
            "t2"."week" AS "week",
            "t2"."is_run" AS "is_run",
            COUNT(*) AS "runs",
            SUM(CASE WHEN "t2"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
            SUM(CASE WHEN "t2"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
            SUM(CASE WHEN "t2"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
            SUM("t2"."logarithm") AS "logarithms",
            SUM("t2"."duration_ms") AS "total_ms",
            SUM(CASE WHEN "t2"."exit_status" = 0 THEN "t2"."duration_ms" ELSE 0 END) AS "succeeded_ms"
          FROM (
            SELECT
              "t1"."is_run" AS "is_run",
              "t1"."command" AS "command",
              "t1"."user_id" AS "user_id",
              "t1"."duration_ms" AS "duration_ms",
              "t1"."exit_status" AS "exit_status",
              "t1"."start_s" AS "start_s",
              "t1"."commit_s" AS "commit_s",
              "t1"."on_master" AS "on_master",
              "t1"."is_test" AS "is_test",
              "t1"."week" AS "week",
              CASE
                WHEN "t1"."exit_status" = 0
                THEN CAST(ROUND(LN(CAST(GREATEST("t1"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
                ELSE 0
              END AS "logarithm"
            FROM (
              SELECT
                COALESCE(
                  isNotNull("t0"."user_id")
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND isNotNull("t0"."exit_status")
                  AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS "is_run",
                "t0"."command" AS "command",
                "t0"."user_id" AS "user_id",
                CASE
                  WHEN COALESCE(
                    isNotNull("t0"."user_id")
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND isNotNull("t0"."exit_status")
                    AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  )
                  THEN "t0"."duration_ms"
                  ELSE 0
                END AS "duration_ms",
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
                ) AS Nullable(Int64)) AS "week"
              FROM "devstack_command_run" AS "t0"
              WHERE
                isNotNull("t0"."command")
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
            ) AS "t1"
          ) AS "t2"
          GROUP BY
            "t2"."command",
            "t2"."user_id",
            "t2"."week",
            "t2"."is_run"
        ) AS "t3"
        WHERE
          "t3"."is_run"
      ) AS "t4"
    ) AS "t5"
    GROUP BY
      "t5"."week",
      "t5"."user_id"
  ) AS "t6"
  GROUP BY
    "t6"."week"
) AS "t7"
ORDER BY
  "t7"."week" ASC;

-- ages
SELECT
  *
FROM (
  SELECT
    "t5"."week" AS "week",
    COUNT(*) AS "people",
    SUM(CASE WHEN "t5"."age_s" >= 86400 THEN 1 ELSE 0 END) AS "at_least_1",
    SUM(CASE WHEN "t5"."age_s" >= 604800 THEN 1 ELSE 0 END) AS "at_least_7",
    SUM(CASE WHEN "t5"."age_s" >= 2419200 THEN 1 ELSE 0 END) AS "at_least_28"
  FROM (
    SELECT
      "t4"."week" AS "week",
      "t4"."user_id" AS "user_id",
      CAST(FLOOR((
        SUM("t4"."age_s")
      ) / (
        COUNT(*)
      )) AS Nullable(Int64)) AS "age_s"
    FROM (
      SELECT
        "t3"."command" AS "command",
        "t3"."user_id" AS "user_id",
        "t3"."duration_ms" AS "duration_ms",
        "t3"."exit_status" AS "exit_status",
        "t3"."start_s" AS "start_s",
        "t3"."commit_s" AS "commit_s",
        "t3"."on_master" AS "on_master",
        "t3"."is_test" AS "is_test",
        CAST(FLOOR((
          "t3"."start_s" + 259200
        ) / (
          604800
        )) AS Nullable(Int64)) AS "week",
        GREATEST("t3"."start_s" - "t3"."commit_s", 0) AS "age_s"
      FROM (
        SELECT
          "t2".*
          EXCEPT ("is_run")
        FROM (
          SELECT
            *
          FROM (
            SELECT
              COALESCE(
                isNotNull("t0"."user_id")
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND isNotNull("t0"."exit_status")
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS "is_run",
              "t0"."command" AS "command",
              "t0"."user_id" AS "user_id",
              CASE
                WHEN COALESCE(
                  isNotNull("t0"."user_id")
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND isNotNull("t0"."exit_status")
                  AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                )
                THEN "t0"."duration_ms"
                ELSE 0
              END AS "duration_ms",
              "t0"."exit_status" AS "exit_status",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
              CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
            FROM "devstack_command_run" AS "t0"
            WHERE
              isNotNull("t0"."command")
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
          ) AS "t1"
          WHERE
            "t1"."is_run"
        ) AS "t2"
      ) AS "t3"
      WHERE
        "t3"."on_master" AND isNotNull("t3"."commit_s")
    ) AS "t4"
    GROUP BY
      "t4"."week",
      "t4"."user_id"
  ) AS "t5"
  GROUP BY
    "t5"."week"
) AS "t6"
ORDER BY
  "t6"."week" ASC;

-- weekly
SELECT
  "t13".*
  EXCEPT ("user_id")
FROM (
  SELECT
    "t10"."command" AS "command",
    "t10"."user_id" AS "user_id",
    "t10"."week" AS "week",
    "t10"."runs" AS "runs",
    "t10"."failed" AS "failed",
    "t10"."interrupted" AS "interrupted",
    "t10"."succeeded" AS "succeeded",
    "t10"."logarithms" AS "logarithms",
    "t10"."succeeded_ms" AS "succeeded_ms",
    "t12"."person" AS "person"
  FROM (
    SELECT
      CAST(CASE
        WHEN "t7"."command" = 'dev.down'
        THEN 0
        WHEN "t7"."command" = 'dev.provision'
        THEN 1
        ELSE NULL
      END AS Nullable(Int64)) AS "command",
      "t7"."user_id" AS "user_id",
      "t7"."week" AS "week",
      "t7"."runs" AS "runs",
      "t7"."failed" AS "failed",
      "t7"."interrupted" AS "interrupted",
      "t7"."succeeded" AS "succeeded",
      "t7"."logarithms" AS "logarithms",
      "t7"."succeeded_ms" AS "succeeded_ms"
    FROM (
      SELECT
        "t6".*
        EXCEPT ("total_ms")
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t4".*
            EXCEPT ("is_run")
          FROM (
            SELECT
              *
            FROM (
              SELECT
                "t2"."command" AS "command",
                "t2"."user_id" AS "user_id",
                "t2"."week" AS "week",
                "t2"."is_run" AS "is_run",
                COUNT(*) AS "runs",
                SUM(CASE WHEN "t2"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
                SUM(CASE WHEN "t2"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
                SUM(CASE WHEN "t2"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
                SUM("t2"."logarithm") AS "logarithms",
                SUM("t2"."duration_ms") AS "total_ms",
                SUM(CASE WHEN "t2"."exit_status" = 0 THEN "t2"."duration_ms" ELSE 0 END) AS "succeeded_ms"
              FROM (
                SELECT
                  "t1"."is_run" AS "is_run",
                  "t1"."command" AS "command",
                  "t1"."user_id" AS "user_id",
                  "t1"."duration_ms" AS "duration_ms",
                  "t1"."exit_status" AS "exit_status",
                  "t1"."start_s" AS "start_s",
                  "t1"."commit_s" AS "commit_s",
                  "t1"."on_master" AS "on_master",
                  "t1"."is_test" AS "is_test",
                  "t1"."week" AS "week",
                  CASE
                    WHEN "t1"."exit_status" = 0
                    THEN CAST(ROUND(LN(CAST(GREATEST("t1"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
                    ELSE 0
                  END AS "logarithm"
                FROM (
                  SELECT
                    COALESCE(
                      isNotNull("t0"."user_id")
                      AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                      AND isNotNull("t0"."exit_status")
                      AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ) AS "is_run",
                    "t0"."command" AS "command",
                    "t0"."user_id" AS "user_id",
                    CASE
                      WHEN COALESCE(
                        isNotNull("t0"."user_id")
                        AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                        AND isNotNull("t0"."exit_status")
                        AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      )
                      THEN "t0"."duration_ms"
                      ELSE 0
                    END AS "duration_ms",
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
                    ) AS Nullable(Int64)) AS "week"
                  FROM "devstack_command_run" AS "t0"
                  WHERE
                    isNotNull("t0"."command")
                    AND NOT (
                      LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                    )
                    AND "t0"."git_checked_out_master"
                    AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
                ) AS "t1"
              ) AS "t2"
              GROUP BY
                "t2"."command",
                "t2"."user_id",
                "t2"."week",
                "t2"."is_run"
            ) AS "t3"
            WHERE
              "t3"."is_run"
          ) AS "t4"
        ) AS "t5"
        WHERE
          "t5"."command" IN ('dev.down', 'dev.provision')
      ) AS "t6"
    ) AS "t7"
  ) AS "t10"
  INNER JOIN (
    SELECT
      "t8"."user_id" AS "user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t8"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t7"."user_id" AS "user_id"
      FROM (
        SELECT
          "t6".*
          EXCEPT ("total_ms")
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t4".*
              EXCEPT ("is_run")
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  "t2"."command" AS "command",
                  "t2"."user_id" AS "user_id",
                  "t2"."week" AS "week",
                  "t2"."is_run" AS "is_run",
                  COUNT(*) AS "runs",
                  SUM(CASE WHEN "t2"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
                  SUM(CASE WHEN "t2"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
                  SUM(CASE WHEN "t2"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
                  SUM("t2"."logarithm") AS "logarithms",
                  SUM("t2"."duration_ms") AS "total_ms",
                  SUM(CASE WHEN "t2"."exit_status" = 0 THEN "t2"."duration_ms" ELSE 0 END) AS "succeeded_ms"
                FROM (
                  SELECT
                    "t1"."is_run" AS "is_run",
                    "t1"."command" AS "command",
                    "t1"."user_id" AS "user_id",
                    "t1"."duration_ms" AS "duration_ms",
                    "t1"."exit_status" AS "exit_status",
                    "t1"."start_s" AS "start_s",
                    "t1"."commit_s" AS "commit_s",
                    "t1"."on_master" AS "on_master",
                    "t1"."is_test" AS "is_test",
                    "t1"."week" AS "week",
                    CASE
                      WHEN "t1"."exit_status" = 0
                      THEN CAST(ROUND(LN(CAST(GREATEST("t1"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
                      ELSE 0
                    END AS "logarithm"
                  FROM (
                    SELECT
                      COALESCE(
                        isNotNull("t0"."user_id")
                        AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                        AND isNotNull("t0"."exit_status")
                        AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ) AS "is_run",
                      "t0"."command" AS "command",
                      "t0"."user_id" AS "user_id",
                      CASE
                        WHEN COALESCE(
                          isNotNull("t0"."user_id")
                          AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                          AND isNotNull("t0"."exit_status")
                          AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                          FALSE
                        )
                        THEN "t0"."duration_ms"
                        ELSE 0
                      END AS "duration_ms",
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
                      ) AS Nullable(Int64)) AS "week"
                    FROM "devstack_command_run" AS "t0"
                    WHERE
                      isNotNull("t0"."command")
                      AND NOT (
                        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                      )
                      AND "t0"."git_checked_out_master"
                      AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
                  ) AS "t1"
                ) AS "t2"
                GROUP BY
                  "t2"."command",
                  "t2"."user_id",
                  "t2"."week",
                  "t2"."is_run"
              ) AS "t3"
              WHERE
                "t3"."is_run"
            ) AS "t4"
          ) AS "t5"
          WHERE
            "t5"."command" IN ('dev.down', 'dev.provision')
        ) AS "t6"
      ) AS "t7"
    ) AS "t8"
  ) AS "t12"
    ON "t10"."user_id" = "t12"."user_id"
) AS "t13";

-- commits
WITH "t5" AS (
  SELECT
    "t4"."command" AS "command",
    "t4"."user_id" AS "user_id",
    "t4"."week" AS "week",
    "t4"."day" AS "day",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t4"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t4"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
    SUM(CASE WHEN "t4"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
    SUM("t4"."logarithm") AS "logarithms",
    SUM("t4"."duration_ms") AS "total_ms",
    SUM(CASE WHEN "t4"."exit_status" = 0 THEN "t4"."duration_ms" ELSE 0 END) AS "succeeded_ms"
  FROM (
    SELECT
      "t3"."command" AS "command",
      "t3"."user_id" AS "user_id",
      "t3"."duration_ms" AS "duration_ms",
      "t3"."exit_status" AS "exit_status",
      "t3"."start_s" AS "start_s",
      "t3"."commit_s" AS "commit_s",
      "t3"."on_master" AS "on_master",
      "t3"."is_test" AS "is_test",
      CAST(FLOOR((
        "t3"."start_s" + 259200
      ) / (
        604800
      )) AS Nullable(Int64)) AS "week",
      CAST(FLOOR((
        "t3"."commit_s"
      ) / (
        86400
      )) AS Nullable(Int64)) AS "day",
      CASE
        WHEN "t3"."exit_status" = 0
        THEN CAST(ROUND(LN(CAST(GREATEST("t3"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
        ELSE 0
      END AS "logarithm"
    FROM (
      SELECT
        "t2".*
        EXCEPT ("is_run")
      FROM (
        SELECT
          *
        FROM (
          SELECT
            COALESCE(
              isNotNull("t0"."user_id")
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND isNotNull("t0"."exit_status")
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ) AS "is_run",
            "t0"."command" AS "command",
            "t0"."user_id" AS "user_id",
            CASE
              WHEN COALESCE(
                isNotNull("t0"."user_id")
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND isNotNull("t0"."exit_status")
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                FALSE
              )
              THEN "t0"."duration_ms"
              ELSE 0
            END AS "duration_ms",
            "t0"."exit_status" AS "exit_status",
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
            "t0"."git_checked_out_master" AS "on_master",
            LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
          FROM "devstack_command_run" AS "t0"
          WHERE
            isNotNull("t0"."command")
            AND NOT (
              LOWER(COALESCE("t0"."is_test", '')) <> 'false'
            )
            AND "t0"."git_checked_out_master"
            AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
        ) AS "t1"
        WHERE
          "t1"."is_run"
      ) AS "t2"
    ) AS "t3"
    WHERE
      "t3"."command" IN ('dev.provision')
      AND "t3"."on_master"
      AND isNotNull("t3"."commit_s")
  ) AS "t4"
  GROUP BY
    "t4"."command",
    "t4"."user_id",
    "t4"."week",
    "t4"."day"
)
SELECT
  "t11".*
  EXCEPT ("user_id")
FROM (
  SELECT
    "t7"."command" AS "command",
    "t7"."user_id" AS "user_id",
    "t7"."week" AS "week",
    "t7"."day" AS "day",
    "t7"."runs" AS "runs",
    "t7"."failed" AS "failed",
    "t7"."interrupted" AS "interrupted",
    "t7"."succeeded" AS "succeeded",
    "t7"."logarithms" AS "logarithms",
    "t7"."total_ms" AS "total_ms",
    "t7"."succeeded_ms" AS "succeeded_ms",
    "t10"."person" AS "person"
  FROM "t5" AS "t7"
  INNER JOIN (
    SELECT
      "t8"."user_id" AS "user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t8"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t6"."user_id" AS "user_id"
      FROM "t5" AS "t6"
    ) AS "t8"
  ) AS "t10"
    ON "t7"."user_id" = "t10"."user_id"
) AS "t11";

-- sides
WITH "t5" AS (
  SELECT
    "t4"."user_id" AS "user_id",
    "t4"."after" AS "after",
    "t4"."day" AS "day",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t4"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t4"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
    SUM(CASE WHEN "t4"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
    SUM("t4"."logarithm") AS "logarithms",
    SUM("t4"."logarithm" * "t4"."logarithm") AS "squares"
  FROM (
    SELECT
      "t3"."command" AS "command",
      "t3"."user_id" AS "user_id",
      "t3"."duration_ms" AS "duration_ms",
      "t3"."exit_status" AS "exit_status",
      "t3"."start_s" AS "start_s",
      "t3"."commit_s" AS "commit_s",
      "t3"."on_master" AS "on_master",
      "t3"."is_test" AS "is_test",
      CASE WHEN "t3"."commit_s" >= 1777370400 THEN 1 ELSE 0 END AS "after",
      CAST(FLOOR((
        (
          "t3"."start_s" - 1777370400
        ) + 8640000000
      ) / (
        86400
      )) AS Nullable(Int64)) - 100000 AS "day",
      CASE
        WHEN "t3"."exit_status" = 0
        THEN CAST(ROUND(LN(CAST(GREATEST("t3"."duration_ms", 1) AS Nullable(Float64))) * 1000, 0) AS Nullable(Int64))
        ELSE 0
      END AS "logarithm"
    FROM (
      SELECT
        "t2".*
        EXCEPT ("is_run")
      FROM (
        SELECT
          *
        FROM (
          SELECT
            COALESCE(
              isNotNull("t0"."user_id")
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND isNotNull("t0"."exit_status")
              AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ) AS "is_run",
            "t0"."command" AS "command",
            "t0"."user_id" AS "user_id",
            CASE
              WHEN COALESCE(
                isNotNull("t0"."user_id")
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND isNotNull("t0"."exit_status")
                AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) BETWEEN 1577836800 AND 1783296000,
                FALSE
              )
              THEN "t0"."duration_ms"
              ELSE 0
            END AS "duration_ms",
            "t0"."exit_status" AS "exit_status",
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "start_s",
            CAST(FLOOR(CAST(toRelativeSecondNum("t0"."git_commit_time") AS Nullable(Float64))) AS Nullable(Int64)) AS "commit_s",
            "t0"."git_checked_out_master" AS "on_master",
            LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
          FROM "devstack_command_run" AS "t0"
          WHERE
            isNotNull("t0"."command")
            AND NOT (
              LOWER(COALESCE("t0"."is_test", '')) <> 'false'
            )
            AND "t0"."git_checked_out_master"
            AND CAST(FLOOR(CAST(toRelativeSecondNum("t0"."start_time") AS Nullable(Float64))) AS Nullable(Int64)) >= 1767571200
        ) AS "t1"
        WHERE
          "t1"."is_run"
      ) AS "t2"
    ) AS "t3"
    WHERE
      "t3"."command" = 'dev.provision' AND isNotNull("t3"."commit_s")
  ) AS "t4"
  GROUP BY
    "t4"."user_id",
    "t4"."after",
    "t4"."day"
)
SELECT
  "t11".*
  EXCEPT ("user_id")
FROM (
  SELECT
    "t7"."user_id" AS "user_id",
    "t7"."after" AS "after",
    "t7"."day" AS "day",
    "t7"."runs" AS "runs",
    "t7"."failed" AS "failed",
    "t7"."interrupted" AS "interrupted",
    "t7"."succeeded" AS "succeeded",
    "t7"."logarithms" AS "logarithms",
    "t7"."squares" AS "squares",
    "t10"."person" AS "person"
  FROM "t5" AS "t7"
  INNER JOIN (
    SELECT
      "t8"."user_id" AS "user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t8"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t6"."user_id" AS "user_id"
      FROM "t5" AS "t6"
    ) AS "t8"
  ) AS "t10"
    ON "t7"."user_id" = "t10"."user_id"
) AS "t11";

