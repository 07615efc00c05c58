-- totals
SELECT
  "t4"."command",
  COUNT(*) AS "people",
  SUM("t4"."runs") AS "runs",
  SUM("t4"."total_ms") AS "total_ms",
  SUM("t4"."failed") AS "failed",
  SUM("t4"."interrupted") AS "interrupted"
FROM (
  SELECT
    "t3"."command",
    "t3"."user_id",
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
      "t2"."user_id",
      "t2"."week",
      "t2"."runs",
      "t2"."failed",
      "t2"."interrupted",
      "t2"."succeeded",
      "t2"."logarithms",
      "t2"."total_ms",
      "t2"."succeeded_ms"
    FROM (
      SELECT
        "t1"."command",
        "t1"."user_id",
        "t1"."week",
        COUNT(*) AS "runs",
        SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
        SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
        SUM("t1"."logarithm") AS "logarithms",
        SUM("t1"."duration_ms") AS "total_ms",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
      FROM (
        SELECT
          "t0"."command",
          "t0"."user_id",
          "t0"."duration_ms",
          "t0"."exit_status",
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
          "t0"."git_checked_out_master" AS "on_master",
          LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
          CAST(FLOOR(
            (
              CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
            ) / (
              604800
            )
          ) AS BIGINT) AS "week",
          CASE
            WHEN "t0"."exit_status" = 0
            THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT)
            ELSE 0
          END AS "logarithm"
        FROM "devstack_command_run" AS "t0"
        WHERE
          "t0"."command" IS NOT NULL
          AND "t0"."user_id" IS NOT NULL
          AND "t0"."duration_ms" IS NOT NULL
          AND "t0"."exit_status" IS NOT NULL
          AND "t0"."start_time" IS NOT NULL
          AND NOT (
            LOWER(COALESCE("t0"."is_test", '')) <> 'false'
          )
          AND "t0"."git_checked_out_master"
          AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
      ) AS "t1"
      GROUP BY
        1,
        2,
        3
    ) AS "t2"
  ) AS "t3"
  GROUP BY
    1,
    2
) AS "t4"
GROUP BY
  1;

-- people
SELECT
  COUNT(*) AS "people"
FROM (
  SELECT DISTINCT
    "t2"."user_id"
  FROM (
    SELECT
      "t1"."command",
      "t1"."user_id",
      "t1"."week",
      COUNT(*) AS "runs",
      SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
      SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
      SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
      SUM("t1"."logarithm") AS "logarithms",
      SUM("t1"."duration_ms") AS "total_ms",
      SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
    FROM (
      SELECT
        "t0"."command",
        "t0"."user_id",
        "t0"."duration_ms",
        "t0"."exit_status",
        CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
        CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
        "t0"."git_checked_out_master" AS "on_master",
        LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
        CAST(FLOOR(
          (
            CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
          ) / (
            604800
          )
        ) AS BIGINT) AS "week",
        CASE
          WHEN "t0"."exit_status" = 0
          THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT)
          ELSE 0
        END AS "logarithm"
      FROM "devstack_command_run" AS "t0"
      WHERE
        "t0"."command" IS NOT NULL
        AND "t0"."user_id" IS NOT NULL
        AND "t0"."duration_ms" IS NOT NULL
        AND "t0"."exit_status" IS NOT NULL
        AND "t0"."start_time" IS NOT NULL
        AND NOT (
          LOWER(COALESCE("t0"."is_test", '')) <> 'false'
        )
        AND "t0"."git_checked_out_master"
        AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
    ) AS "t1"
    GROUP BY
      1,
      2,
      3
  ) AS "t2"
) AS "t3";

-- spread
SELECT
  "t2"."command",
  "t2"."count",
  LIST_EXTRACT("t2"."values", 1) AS "p50",
  LIST_EXTRACT("t2"."values", 2) AS "p95"
FROM (
  SELECT
    "t1"."command",
    COUNT(*) AS "count",
    QUANTILE_CONT("t1"."value", [0.5, 0.95]) AS "values"
  FROM (
    SELECT
      "t0"."command",
      "t0"."user_id",
      "t0"."duration_ms",
      "t0"."exit_status",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
      "t0"."duration_ms" AS "value"
    FROM "devstack_command_run" AS "t0"
    WHERE
      "t0"."command" IS NOT NULL
      AND "t0"."user_id" IS NOT NULL
      AND "t0"."duration_ms" IS NOT NULL
      AND "t0"."exit_status" IS NOT NULL
      AND "t0"."start_time" IS NOT NULL
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
  ) AS "t1"
  GROUP BY
    1
) AS "t2";

-- weeks
SELECT
  "t2"."command",
  "t2"."week",
  "t2"."count",
  LIST_EXTRACT("t2"."values", 1) AS "p50",
  LIST_EXTRACT("t2"."values", 2) AS "p90"
FROM (
  SELECT
    "t1"."command",
    "t1"."week",
    COUNT(*) AS "count",
    QUANTILE_CONT("t1"."value", [0.5, 0.9]) AS "values"
  FROM (
    SELECT
      "t0"."command",
      "t0"."user_id",
      "t0"."duration_ms",
      "t0"."exit_status",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
      "t0"."duration_ms" AS "value",
      CAST(FLOOR(
        (
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
        ) / (
          604800
        )
      ) AS BIGINT) AS "week"
    FROM "devstack_command_run" AS "t0"
    WHERE
      "t0"."command" IS NOT NULL
      AND "t0"."user_id" IS NOT NULL
      AND "t0"."duration_ms" IS NOT NULL
      AND "t0"."exit_status" IS NOT NULL
      AND "t0"."start_time" IS NOT NULL
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
  ) AS "t1"
  GROUP BY
    1,
    2
) AS "t2";

-- hours
SELECT
  *
FROM (
  SELECT
    CAST(FLOOR((
      "t1"."start_s" + 259200
    ) / (
      3600
    )) AS BIGINT) % 168 AS "hour",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted"
  FROM (
    SELECT
      "t0"."command",
      "t0"."user_id",
      "t0"."duration_ms",
      "t0"."exit_status",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
    FROM "devstack_command_run" AS "t0"
    WHERE
      "t0"."command" IS NOT NULL
      AND "t0"."user_id" IS NOT NULL
      AND "t0"."duration_ms" IS NOT NULL
      AND "t0"."exit_status" IS NOT NULL
      AND "t0"."start_time" IS NOT NULL
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
  ) AS "t1"
  GROUP BY
    1
) AS "t2"
ORDER BY
  "t2"."hour" ASC;

-- timeline
SELECT
  *
FROM (
  SELECT
    "t3"."week",
    COUNT(*) AS "people",
    SUM("t3"."runs") AS "runs",
    SUM("t3"."total_ms") AS "total_ms",
    SUM("t3"."failed") AS "failed",
    SUM("t3"."interrupted") AS "interrupted"
  FROM (
    SELECT
      "t2"."week",
      "t2"."user_id",
      SUM("t2"."runs") AS "runs",
      SUM("t2"."total_ms") AS "total_ms",
      SUM("t2"."failed") AS "failed",
      SUM("t2"."interrupted") AS "interrupted"
    FROM (
      SELECT
        "t1"."command",
        "t1"."user_id",
        "t1"."week",
        COUNT(*) AS "runs",
        SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
        SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
        SUM("t1"."logarithm") AS "logarithms",
        SUM("t1"."duration_ms") AS "total_ms",
        SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
      FROM (
        SELECT
          "t0"."command",
          "t0"."user_id",
          "t0"."duration_ms",
          "t0"."exit_status",
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
          "t0"."git_checked_out_master" AS "on_master",
          LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
          CAST(FLOOR(
            (
              CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
            ) / (
              604800
            )
          ) AS BIGINT) AS "week",
          CASE
            WHEN "t0"."exit_status" = 0
            THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT)
            ELSE 0
          END AS "logarithm"
        FROM "devstack_command_run" AS "t0"
        WHERE
          "t0"."command" IS NOT NULL
          AND "t0"."user_id" IS NOT NULL
          AND "t0"."duration_ms" IS NOT NULL
          AND "t0"."exit_status" IS NOT NULL
          AND "t0"."start_time" IS NOT NULL
          AND NOT (
            LOWER(COALESCE("t0"."is_test", '')) <> 'false'
          )
          AND "t0"."git_checked_out_master"
          AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
      ) AS "t1"
      GROUP BY
        1,
        2,
        3
    ) AS "t2"
    GROUP BY
      1,
      2
  ) AS "t3"
  GROUP BY
    1
) AS "t4"
ORDER BY
  "t4"."week" ASC;

-- ages
SELECT
  *
FROM (
  SELECT
    "t2"."week",
    COUNT(*) AS "people",
    SUM(CASE WHEN "t2"."age_s" >= 86400 THEN 1 ELSE 0 END) AS "at_least_1",
    SUM(CASE WHEN "t2"."age_s" >= 604800 THEN 1 ELSE 0 END) AS "at_least_7",
    SUM(CASE WHEN "t2"."age_s" >= 2419200 THEN 1 ELSE 0 END) AS "at_least_28"
  FROM (
    SELECT
      "t1"."week",
      "t1"."user_id",
      CAST(FLOOR((
        SUM("t1"."age_s")
      ) / (
        COUNT(*)
      )) AS BIGINT) AS "age_s"
    FROM (
      SELECT
        "t0"."command",
        "t0"."user_id",
        "t0"."duration_ms",
        "t0"."exit_status",
        CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
        CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
        "t0"."git_checked_out_master" AS "on_master",
        LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
        CAST(FLOOR(
          (
            CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
          ) / (
            604800
          )
        ) AS BIGINT) AS "week",
        GREATEST(
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) - CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT),
          0
        ) AS "age_s"
      FROM "devstack_command_run" AS "t0"
      WHERE
        "t0"."command" IS NOT NULL
        AND "t0"."user_id" IS NOT NULL
        AND "t0"."duration_ms" IS NOT NULL
        AND "t0"."exit_status" IS NOT NULL
        AND "t0"."start_time" IS NOT NULL
        AND NOT (
          LOWER(COALESCE("t0"."is_test", '')) <> 'false'
        )
        AND "t0"."git_checked_out_master"
        AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
        AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) IS NOT NULL
    ) AS "t1"
    GROUP BY
      1,
      2
  ) AS "t2"
  GROUP BY
    1
) AS "t3"
ORDER BY
  "t3"."week" ASC;

-- weekly
SELECT
  "t10".*
  EXCLUDE ("user_id")
FROM (
  SELECT
    "t7"."command",
    "t7"."user_id",
    "t7"."week",
    "t7"."runs",
    "t7"."failed",
    "t7"."interrupted",
    "t7"."succeeded",
    "t7"."logarithms",
    "t7"."succeeded_ms",
    "t9"."person"
  FROM (
    SELECT
      CAST(CASE
        WHEN "t4"."command" = 'dev.down'
        THEN 0
        WHEN "t4"."command" = 'dev.provision'
        THEN 1
        ELSE NULL
      END AS BIGINT) AS "command",
      "t4"."user_id",
      "t4"."week",
      "t4"."runs",
      "t4"."failed",
      "t4"."interrupted",
      "t4"."succeeded",
      "t4"."logarithms",
      "t4"."succeeded_ms"
    FROM (
      SELECT
        "t3".*
        EXCLUDE ("total_ms")
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t1"."command",
            "t1"."user_id",
            "t1"."week",
            COUNT(*) AS "runs",
            SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
            SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
            SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
            SUM("t1"."logarithm") AS "logarithms",
            SUM("t1"."duration_ms") AS "total_ms",
            SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
          FROM (
            SELECT
              "t0"."command",
              "t0"."user_id",
              "t0"."duration_ms",
              "t0"."exit_status",
              CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
              CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
              CAST(FLOOR(
                (
                  CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
                ) / (
                  604800
                )
              ) AS BIGINT) AS "week",
              CASE
                WHEN "t0"."exit_status" = 0
                THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT)
                ELSE 0
              END AS "logarithm"
            FROM "devstack_command_run" AS "t0"
            WHERE
              "t0"."command" IS NOT NULL
              AND "t0"."user_id" IS NOT NULL
              AND "t0"."duration_ms" IS NOT NULL
              AND "t0"."exit_status" IS NOT NULL
              AND "t0"."start_time" IS NOT NULL
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
          ) AS "t1"
          GROUP BY
            1,
            2,
            3
        ) AS "t2"
        WHERE
          "t2"."command" IN ('dev.down', 'dev.provision')
      ) AS "t3"
    ) AS "t4"
  ) AS "t7"
  INNER JOIN (
    SELECT
      "t5"."user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t5"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t4"."user_id"
      FROM (
        SELECT
          "t3".*
          EXCLUDE ("total_ms")
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t1"."command",
              "t1"."user_id",
              "t1"."week",
              COUNT(*) AS "runs",
              SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
              SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
              SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
              SUM("t1"."logarithm") AS "logarithms",
              SUM("t1"."duration_ms") AS "total_ms",
              SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
            FROM (
              SELECT
                "t0"."command",
                "t0"."user_id",
                "t0"."duration_ms",
                "t0"."exit_status",
                CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
                CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
                "t0"."git_checked_out_master" AS "on_master",
                LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
                CAST(FLOOR(
                  (
                    CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
                  ) / (
                    604800
                  )
                ) AS BIGINT) AS "week",
                CASE
                  WHEN "t0"."exit_status" = 0
                  THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT)
                  ELSE 0
                END AS "logarithm"
              FROM "devstack_command_run" AS "t0"
              WHERE
                "t0"."command" IS NOT NULL
                AND "t0"."user_id" IS NOT NULL
                AND "t0"."duration_ms" IS NOT NULL
                AND "t0"."exit_status" IS NOT NULL
                AND "t0"."start_time" IS NOT NULL
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
            ) AS "t1"
            GROUP BY
              1,
              2,
              3
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
    "t1"."command",
    "t1"."user_id",
    "t1"."week",
    "t1"."day",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
    SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
    SUM("t1"."logarithm") AS "logarithms",
    SUM("t1"."duration_ms") AS "total_ms",
    SUM(CASE WHEN "t1"."exit_status" = 0 THEN "t1"."duration_ms" ELSE 0 END) AS "succeeded_ms"
  FROM (
    SELECT
      "t0"."command",
      "t0"."user_id",
      "t0"."duration_ms",
      "t0"."exit_status",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
      CAST(FLOOR(
        (
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) + 259200
        ) / (
          604800
        )
      ) AS BIGINT) AS "week",
      CAST(FLOOR(
        (
          CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT)
        ) / (
          86400
        )
      ) AS BIGINT) AS "day",
      CASE
        WHEN "t0"."exit_status" = 0
        THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT)
        ELSE 0
      END AS "logarithm"
    FROM "devstack_command_run" AS "t0"
    WHERE
      "t0"."command" IS NOT NULL
      AND "t0"."user_id" IS NOT NULL
      AND "t0"."duration_ms" IS NOT NULL
      AND "t0"."exit_status" IS NOT NULL
      AND "t0"."start_time" IS NOT NULL
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
      AND "t0"."command" IN ('dev.provision')
      AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) IS NOT NULL
  ) AS "t1"
  GROUP BY
    1,
    2,
    3,
    4
)
SELECT
  "t8".*
  EXCLUDE ("user_id")
FROM (
  SELECT
    "t4"."command",
    "t4"."user_id",
    "t4"."week",
    "t4"."day",
    "t4"."runs",
    "t4"."failed",
    "t4"."interrupted",
    "t4"."succeeded",
    "t4"."logarithms",
    "t4"."total_ms",
    "t4"."succeeded_ms",
    "t7"."person"
  FROM "t2" AS "t4"
  INNER JOIN (
    SELECT
      "t5"."user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t5"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t3"."user_id"
      FROM "t2" AS "t3"
    ) AS "t5"
  ) AS "t7"
    ON "t4"."user_id" = "t7"."user_id"
) AS "t8";

-- sides
WITH "t2" AS (
  SELECT
    "t1"."user_id",
    "t1"."after",
    "t1"."day",
    COUNT(*) AS "runs",
    SUM(CASE WHEN "t1"."exit_status" > 0 THEN 1 ELSE 0 END) AS "failed",
    SUM(CASE WHEN "t1"."exit_status" < 0 THEN 1 ELSE 0 END) AS "interrupted",
    SUM(CASE WHEN "t1"."exit_status" = 0 THEN 1 ELSE 0 END) AS "succeeded",
    SUM("t1"."logarithm") AS "logarithms",
    SUM("t1"."logarithm" * "t1"."logarithm") AS "squares"
  FROM (
    SELECT
      "t0"."command",
      "t0"."user_id",
      "t0"."duration_ms",
      "t0"."exit_status",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "start_s",
      CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) AS "commit_s",
      "t0"."git_checked_out_master" AS "on_master",
      LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test",
      CASE
        WHEN CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1777370400
        THEN 1
        ELSE 0
      END AS "after",
      CAST(FLOOR(
        (
          (
            CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) - 1777370400
          ) + 8640000000
        ) / (
          86400
        )
      ) AS BIGINT) - 100000 AS "day",
      CASE
        WHEN "t0"."exit_status" = 0
        THEN CAST(ROUND(LN(CAST(GREATEST("t0"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT)
        ELSE 0
      END AS "logarithm"
    FROM "devstack_command_run" AS "t0"
    WHERE
      "t0"."command" IS NOT NULL
      AND "t0"."user_id" IS NOT NULL
      AND "t0"."duration_ms" IS NOT NULL
      AND "t0"."exit_status" IS NOT NULL
      AND "t0"."start_time" IS NOT NULL
      AND NOT (
        LOWER(COALESCE("t0"."is_test", '')) <> 'false'
      )
      AND "t0"."git_checked_out_master"
      AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."start_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) >= 1767571200
      AND "t0"."command" = 'dev.provision'
      AND CAST(FLOOR(CAST(EPOCH(CAST("t0"."git_commit_time" AS TIMESTAMP)) AS DOUBLE)) AS BIGINT) IS NOT NULL
  ) AS "t1"
  GROUP BY
    1,
    2,
    3
)
SELECT
  "t8".*
  EXCLUDE ("user_id")
FROM (
  SELECT
    "t4"."user_id",
    "t4"."after",
    "t4"."day",
    "t4"."runs",
    "t4"."failed",
    "t4"."interrupted",
    "t4"."succeeded",
    "t4"."logarithms",
    "t4"."squares",
    "t7"."person"
  FROM "t2" AS "t4"
  INNER JOIN (
    SELECT
      "t5"."user_id",
      ROW_NUMBER() OVER (
        ORDER BY "t5"."user_id" ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
      ) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t3"."user_id"
      FROM "t2" AS "t3"
    ) AS "t5"
  ) AS "t7"
    ON "t4"."user_id" = "t7"."user_id"
) AS "t8";

