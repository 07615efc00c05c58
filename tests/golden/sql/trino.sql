-- automated
SELECT
  COUNT(*) AS "people",
  COALESCE(SUM("t4"."runs"), 0) AS "runs",
  COALESCE(SUM("t4"."failed"), 0) AS "failed"
FROM (
  SELECT
    "t3"."user_id",
    COUNT(*) AS "runs",
    SUM(IF("t3"."exit_status" > 0, 1, 0)) AS "failed"
  FROM (
    SELECT
      "t2"."command",
      "t2"."user_id",
      "t2"."duration_ms",
      "t2"."exit_status",
      "t2"."start_s",
      "t2"."commit_s",
      "t2"."on_master",
      "t2"."is_test"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          COALESCE(
            (
              "t0"."user_id" IS NOT NULL
            )
            AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
            AND (
              "t0"."exit_status" IS NOT NULL
            )
            AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ) AS "is_run",
          "t0"."command",
          "t0"."user_id",
          IF(
            COALESCE(
              (
                "t0"."user_id" IS NOT NULL
              )
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND (
                "t0"."exit_status" IS NOT NULL
              )
              AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ),
            "t0"."duration_ms",
            0
          ) AS "duration_ms",
          "t0"."exit_status",
          CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
          CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
          "t0"."git_checked_out_master" AS "on_master",
          LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
        FROM "devstack_command_run" AS "t0"
        WHERE
          COALESCE("t0"."caller" IN ('agent', 'program'), FALSE)
          AND "t0"."command" IS NOT NULL
      ) AS "t1"
      WHERE
        "t1"."is_run"
    ) AS "t2"
  ) AS "t3"
  GROUP BY
    1
) AS "t4";

-- exceptions
SELECT
  COALESCE(SUM(IF("t3"."is_run", 0, "t3"."runs")), 0) AS "left_out",
  COALESCE(SUM("t3"."cut"), 0) AS "cut"
FROM (
  SELECT
    "t2"."command",
    "t2"."user_id",
    "t2"."week",
    "t2"."is_run",
    COUNT(*) AS "runs",
    SUM(IF("t2"."exit_status" > 0, 1, 0)) AS "failed",
    SUM(IF("t2"."exit_status" < 0, 1, 0)) AS "interrupted",
    SUM(IF("t2"."exit_status" = 0, 1, 0)) AS "succeeded",
    SUM("t2"."logarithm") AS "logarithms",
    SUM("t2"."duration_ms") AS "total_ms",
    SUM("t2"."cut") AS "cut"
  FROM (
    SELECT
      "t1"."is_run",
      "t1"."command",
      "t1"."user_id",
      LEAST(
        "t1"."duration_ms",
        CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
      ) AS "duration_ms",
      "t1"."exit_status",
      "t1"."start_s",
      "t1"."commit_s",
      "t1"."on_master",
      "t1"."is_test",
      CAST(FLOOR(CAST((
        "t1"."start_s" + 259200
      ) AS DOUBLE) / (
        604800
      )) AS BIGINT) AS "week",
      IF(
        "t1"."duration_ms" > CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END,
        1,
        0
      ) AS "cut",
      IF(
        "t1"."exit_status" = 0,
        CAST(ROUND(
          LN(
            CAST(GREATEST(
              LEAST(
                "t1"."duration_ms",
                CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
              ),
              1
            ) AS DOUBLE)
          ) * 1000,
          0
        ) AS BIGINT),
        0
      ) AS "logarithm"
    FROM (
      SELECT
        COALESCE(
          (
            "t0"."user_id" IS NOT NULL
          )
          AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
          AND (
            "t0"."exit_status" IS NOT NULL
          )
          AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
          FALSE
        ) AS "is_run",
        "t0"."command",
        "t0"."user_id",
        IF(
          COALESCE(
            (
              "t0"."user_id" IS NOT NULL
            )
            AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
            AND (
              "t0"."exit_status" IS NOT NULL
            )
            AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ),
          "t0"."duration_ms",
          0
        ) AS "duration_ms",
        "t0"."exit_status",
        CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
        CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
        "t0"."git_checked_out_master" AS "on_master",
        LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
      FROM "devstack_command_run" AS "t0"
      WHERE
        "t0"."command" IS NOT NULL
        AND NOT (
          LOWER(COALESCE("t0"."is_test", '')) <> 'false'
        )
        AND "t0"."git_checked_out_master"
        AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
    ) AS "t1"
  ) AS "t2"
  GROUP BY
    1,
    2,
    3,
    4
) AS "t3";

-- totals
SELECT
  "t7"."command",
  COUNT(*) AS "people",
  SUM("t7"."runs") AS "runs",
  SUM("t7"."total_ms") AS "total_ms",
  SUM("t7"."failed") AS "failed",
  SUM("t7"."interrupted") AS "interrupted"
FROM (
  SELECT
    "t6"."command",
    "t6"."user_id",
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
      "t5"."user_id",
      "t5"."week",
      "t5"."runs",
      "t5"."failed",
      "t5"."interrupted",
      "t5"."succeeded",
      "t5"."logarithms",
      "t5"."total_ms",
      "t5"."cut"
    FROM (
      SELECT
        "t4"."command",
        "t4"."user_id",
        "t4"."week",
        "t4"."runs",
        "t4"."failed",
        "t4"."interrupted",
        "t4"."succeeded",
        "t4"."logarithms",
        "t4"."total_ms",
        "t4"."cut"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t2"."command",
            "t2"."user_id",
            "t2"."week",
            "t2"."is_run",
            COUNT(*) AS "runs",
            SUM(IF("t2"."exit_status" > 0, 1, 0)) AS "failed",
            SUM(IF("t2"."exit_status" < 0, 1, 0)) AS "interrupted",
            SUM(IF("t2"."exit_status" = 0, 1, 0)) AS "succeeded",
            SUM("t2"."logarithm") AS "logarithms",
            SUM("t2"."duration_ms") AS "total_ms",
            SUM("t2"."cut") AS "cut"
          FROM (
            SELECT
              "t1"."is_run",
              "t1"."command",
              "t1"."user_id",
              LEAST(
                "t1"."duration_ms",
                CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
              ) AS "duration_ms",
              "t1"."exit_status",
              "t1"."start_s",
              "t1"."commit_s",
              "t1"."on_master",
              "t1"."is_test",
              CAST(FLOOR(CAST((
                "t1"."start_s" + 259200
              ) AS DOUBLE) / (
                604800
              )) AS BIGINT) AS "week",
              IF(
                "t1"."duration_ms" > CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END,
                1,
                0
              ) AS "cut",
              IF(
                "t1"."exit_status" = 0,
                CAST(ROUND(
                  LN(
                    CAST(GREATEST(
                      LEAST(
                        "t1"."duration_ms",
                        CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                      ),
                      1
                    ) AS DOUBLE)
                  ) * 1000,
                  0
                ) AS BIGINT),
                0
              ) AS "logarithm"
            FROM (
              SELECT
                COALESCE(
                  (
                    "t0"."user_id" IS NOT NULL
                  )
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND (
                    "t0"."exit_status" IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS "is_run",
                "t0"."command",
                "t0"."user_id",
                IF(
                  COALESCE(
                    (
                      "t0"."user_id" IS NOT NULL
                    )
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND (
                      "t0"."exit_status" IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  "t0"."duration_ms",
                  0
                ) AS "duration_ms",
                "t0"."exit_status",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
                "t0"."git_checked_out_master" AS "on_master",
                LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
              FROM "devstack_command_run" AS "t0"
              WHERE
                "t0"."command" IS NOT NULL
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
            ) AS "t1"
          ) AS "t2"
          GROUP BY
            1,
            2,
            3,
            4
        ) AS "t3"
        WHERE
          "t3"."is_run"
      ) AS "t4"
    ) AS "t5"
  ) AS "t6"
  GROUP BY
    1,
    2
) AS "t7"
GROUP BY
  1;

-- people
SELECT
  COUNT(*) AS "people"
FROM (
  SELECT DISTINCT
    "t5"."user_id"
  FROM (
    SELECT
      "t4"."command",
      "t4"."user_id",
      "t4"."week",
      "t4"."runs",
      "t4"."failed",
      "t4"."interrupted",
      "t4"."succeeded",
      "t4"."logarithms",
      "t4"."total_ms",
      "t4"."cut"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          "t2"."command",
          "t2"."user_id",
          "t2"."week",
          "t2"."is_run",
          COUNT(*) AS "runs",
          SUM(IF("t2"."exit_status" > 0, 1, 0)) AS "failed",
          SUM(IF("t2"."exit_status" < 0, 1, 0)) AS "interrupted",
          SUM(IF("t2"."exit_status" = 0, 1, 0)) AS "succeeded",
          SUM("t2"."logarithm") AS "logarithms",
          SUM("t2"."duration_ms") AS "total_ms",
          SUM("t2"."cut") AS "cut"
        FROM (
          SELECT
            "t1"."is_run",
            "t1"."command",
            "t1"."user_id",
            LEAST(
              "t1"."duration_ms",
              CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
            ) AS "duration_ms",
            "t1"."exit_status",
            "t1"."start_s",
            "t1"."commit_s",
            "t1"."on_master",
            "t1"."is_test",
            CAST(FLOOR(CAST((
              "t1"."start_s" + 259200
            ) AS DOUBLE) / (
              604800
            )) AS BIGINT) AS "week",
            IF(
              "t1"."duration_ms" > CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END,
              1,
              0
            ) AS "cut",
            IF(
              "t1"."exit_status" = 0,
              CAST(ROUND(
                LN(
                  CAST(GREATEST(
                    LEAST(
                      "t1"."duration_ms",
                      CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                    ),
                    1
                  ) AS DOUBLE)
                ) * 1000,
                0
              ) AS BIGINT),
              0
            ) AS "logarithm"
          FROM (
            SELECT
              COALESCE(
                (
                  "t0"."user_id" IS NOT NULL
                )
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND (
                  "t0"."exit_status" IS NOT NULL
                )
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS "is_run",
              "t0"."command",
              "t0"."user_id",
              IF(
                COALESCE(
                  (
                    "t0"."user_id" IS NOT NULL
                  )
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND (
                    "t0"."exit_status" IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ),
                "t0"."duration_ms",
                0
              ) AS "duration_ms",
              "t0"."exit_status",
              CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
              CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
            FROM "devstack_command_run" AS "t0"
            WHERE
              "t0"."command" IS NOT NULL
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
          ) AS "t1"
        ) AS "t2"
        GROUP BY
          1,
          2,
          3,
          4
      ) AS "t3"
      WHERE
        "t3"."is_run"
    ) AS "t4"
  ) AS "t5"
) AS "t6";

-- spread
SELECT
  "t6"."command",
  MAX("t6"."count") AS "count",
  MIN(
    IF(
      "t6"."up_to" > CAST(FLOOR(CAST((
        (
          "t6"."count" - 1
        ) * 50
      ) AS DOUBLE) / (
        100
      )) AS BIGINT),
      "t6"."value",
      NULL
    )
  ) + (
    CAST((
      (
        MIN(
          IF(
            "t6"."up_to" > LEAST(
              CAST(FLOOR(CAST((
                (
                  "t6"."count" - 1
                ) * 50
              ) AS DOUBLE) / (
                100
              )) AS BIGINT) + 1,
              "t6"."count" - 1
            ),
            "t6"."value",
            NULL
          )
        ) - MIN(
          IF(
            "t6"."up_to" > CAST(FLOOR(CAST((
              (
                "t6"."count" - 1
              ) * 50
            ) AS DOUBLE) / (
              100
            )) AS BIGINT),
            "t6"."value",
            NULL
          )
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 50) % 100
      )
    ) AS DOUBLE) / 100
  ) AS "p50",
  MIN(
    IF(
      "t6"."up_to" > CAST(FLOOR(CAST((
        (
          "t6"."count" - 1
        ) * 95
      ) AS DOUBLE) / (
        100
      )) AS BIGINT),
      "t6"."value",
      NULL
    )
  ) + (
    CAST((
      (
        MIN(
          IF(
            "t6"."up_to" > LEAST(
              CAST(FLOOR(CAST((
                (
                  "t6"."count" - 1
                ) * 95
              ) AS DOUBLE) / (
                100
              )) AS BIGINT) + 1,
              "t6"."count" - 1
            ),
            "t6"."value",
            NULL
          )
        ) - MIN(
          IF(
            "t6"."up_to" > CAST(FLOOR(CAST((
              (
                "t6"."count" - 1
              ) * 95
            ) AS DOUBLE) / (
              100
            )) AS BIGINT),
            "t6"."value",
            NULL
          )
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 95) % 100
      )
    ) AS DOUBLE) / 100
  ) AS "p95"
FROM (
  SELECT
    "t5"."command",
    "t5"."value",
    "t5"."number",
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
      "t4"."command",
      "t4"."value",
      COUNT(*) AS "number"
    FROM (
      SELECT
        "t3"."command",
        "t3"."user_id",
        "t3"."duration_ms",
        "t3"."exit_status",
        "t3"."start_s",
        "t3"."commit_s",
        "t3"."on_master",
        "t3"."is_test",
        "t3"."duration_ms" AS "value"
      FROM (
        SELECT
          "t2"."command",
          "t2"."user_id",
          "t2"."duration_ms",
          "t2"."exit_status",
          "t2"."start_s",
          "t2"."commit_s",
          "t2"."on_master",
          "t2"."is_test"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              COALESCE(
                (
                  "t0"."user_id" IS NOT NULL
                )
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND (
                  "t0"."exit_status" IS NOT NULL
                )
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS "is_run",
              "t0"."command",
              "t0"."user_id",
              IF(
                COALESCE(
                  (
                    "t0"."user_id" IS NOT NULL
                  )
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND (
                    "t0"."exit_status" IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ),
                "t0"."duration_ms",
                0
              ) AS "duration_ms",
              "t0"."exit_status",
              CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
              CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
            FROM "devstack_command_run" AS "t0"
            WHERE
              "t0"."command" IS NOT NULL
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
          ) AS "t1"
          WHERE
            "t1"."is_run"
        ) AS "t2"
      ) AS "t3"
    ) AS "t4"
    GROUP BY
      1,
      2
  ) AS "t5"
) AS "t6"
GROUP BY
  1;

-- weeks
SELECT
  "t6"."command",
  "t6"."week",
  MAX("t6"."count") AS "count",
  MIN(
    IF(
      "t6"."up_to" > CAST(FLOOR(CAST((
        (
          "t6"."count" - 1
        ) * 50
      ) AS DOUBLE) / (
        100
      )) AS BIGINT),
      "t6"."value",
      NULL
    )
  ) + (
    CAST((
      (
        MIN(
          IF(
            "t6"."up_to" > LEAST(
              CAST(FLOOR(CAST((
                (
                  "t6"."count" - 1
                ) * 50
              ) AS DOUBLE) / (
                100
              )) AS BIGINT) + 1,
              "t6"."count" - 1
            ),
            "t6"."value",
            NULL
          )
        ) - MIN(
          IF(
            "t6"."up_to" > CAST(FLOOR(CAST((
              (
                "t6"."count" - 1
              ) * 50
            ) AS DOUBLE) / (
              100
            )) AS BIGINT),
            "t6"."value",
            NULL
          )
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 50) % 100
      )
    ) AS DOUBLE) / 100
  ) AS "p50",
  MIN(
    IF(
      "t6"."up_to" > CAST(FLOOR(CAST((
        (
          "t6"."count" - 1
        ) * 90
      ) AS DOUBLE) / (
        100
      )) AS BIGINT),
      "t6"."value",
      NULL
    )
  ) + (
    CAST((
      (
        MIN(
          IF(
            "t6"."up_to" > LEAST(
              CAST(FLOOR(CAST((
                (
                  "t6"."count" - 1
                ) * 90
              ) AS DOUBLE) / (
                100
              )) AS BIGINT) + 1,
              "t6"."count" - 1
            ),
            "t6"."value",
            NULL
          )
        ) - MIN(
          IF(
            "t6"."up_to" > CAST(FLOOR(CAST((
              (
                "t6"."count" - 1
              ) * 90
            ) AS DOUBLE) / (
              100
            )) AS BIGINT),
            "t6"."value",
            NULL
          )
        )
      ) * (
        MAX((
          "t6"."count" - 1
        ) * 90) % 100
      )
    ) AS DOUBLE) / 100
  ) AS "p90"
FROM (
  SELECT
    "t5"."command",
    "t5"."week",
    "t5"."value",
    "t5"."number",
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
      "t4"."command",
      "t4"."week",
      "t4"."value",
      COUNT(*) AS "number"
    FROM (
      SELECT
        "t3"."command",
        "t3"."user_id",
        "t3"."duration_ms",
        "t3"."exit_status",
        "t3"."start_s",
        "t3"."commit_s",
        "t3"."on_master",
        "t3"."is_test",
        "t3"."duration_ms" AS "value",
        CAST(FLOOR(CAST((
          "t3"."start_s" + 259200
        ) AS DOUBLE) / (
          604800
        )) AS BIGINT) AS "week"
      FROM (
        SELECT
          "t2"."command",
          "t2"."user_id",
          "t2"."duration_ms",
          "t2"."exit_status",
          "t2"."start_s",
          "t2"."commit_s",
          "t2"."on_master",
          "t2"."is_test"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              COALESCE(
                (
                  "t0"."user_id" IS NOT NULL
                )
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND (
                  "t0"."exit_status" IS NOT NULL
                )
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS "is_run",
              "t0"."command",
              "t0"."user_id",
              IF(
                COALESCE(
                  (
                    "t0"."user_id" IS NOT NULL
                  )
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND (
                    "t0"."exit_status" IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ),
                "t0"."duration_ms",
                0
              ) AS "duration_ms",
              "t0"."exit_status",
              CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
              CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
              "t0"."git_checked_out_master" AS "on_master",
              LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
            FROM "devstack_command_run" AS "t0"
            WHERE
              "t0"."command" IS NOT NULL
              AND NOT (
                LOWER(COALESCE("t0"."is_test", '')) <> 'false'
              )
              AND "t0"."git_checked_out_master"
              AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
          ) AS "t1"
          WHERE
            "t1"."is_run"
        ) AS "t2"
      ) AS "t3"
    ) AS "t4"
    GROUP BY
      1,
      2,
      3
  ) AS "t5"
) AS "t6"
GROUP BY
  1,
  2;

-- hours
SELECT
  *
FROM (
  SELECT
    "t6"."hour",
    "t6"."week",
    SUM("t6"."runs") AS "runs",
    SUM("t6"."failed") AS "failed",
    SUM("t6"."interrupted") AS "interrupted",
    SUM("t6"."expected") AS "expected"
  FROM (
    SELECT
      "t5"."user_id",
      "t5"."hour",
      "t5"."week",
      "t5"."runs",
      "t5"."failed",
      "t5"."interrupted",
      "t5"."runs" * CAST(FLOOR(
        CAST((
          SUM("t5"."failed" + "t5"."interrupted") OVER (
            PARTITION BY "t5"."user_id"
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) * 1000000
        ) AS DOUBLE) / (
          SUM("t5"."runs") OVER (
            PARTITION BY "t5"."user_id"
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          )
        )
      ) AS BIGINT) AS "expected"
    FROM (
      SELECT
        "t4"."user_id",
        "t4"."hour",
        "t4"."week",
        COUNT(*) AS "runs",
        SUM(IF("t4"."exit_status" > 0, 1, 0)) AS "failed",
        SUM(IF("t4"."exit_status" < 0, 1, 0)) AS "interrupted"
      FROM (
        SELECT
          "t3"."command",
          "t3"."user_id",
          "t3"."duration_ms",
          "t3"."exit_status",
          "t3"."start_s",
          "t3"."commit_s",
          "t3"."on_master",
          "t3"."is_test",
          CAST(FLOOR(CAST((
            "t3"."start_s" + 259200
          ) AS DOUBLE) / (
            3600
          )) AS BIGINT) % 168 AS "hour",
          CAST(FLOOR(CAST((
            "t3"."start_s" + 259200
          ) AS DOUBLE) / (
            604800
          )) AS BIGINT) AS "week"
        FROM (
          SELECT
            "t2"."command",
            "t2"."user_id",
            "t2"."duration_ms",
            "t2"."exit_status",
            "t2"."start_s",
            "t2"."commit_s",
            "t2"."on_master",
            "t2"."is_test"
          FROM (
            SELECT
              *
            FROM (
              SELECT
                COALESCE(
                  (
                    "t0"."user_id" IS NOT NULL
                  )
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND (
                    "t0"."exit_status" IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS "is_run",
                "t0"."command",
                "t0"."user_id",
                IF(
                  COALESCE(
                    (
                      "t0"."user_id" IS NOT NULL
                    )
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND (
                      "t0"."exit_status" IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  "t0"."duration_ms",
                  0
                ) AS "duration_ms",
                "t0"."exit_status",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
                "t0"."git_checked_out_master" AS "on_master",
                LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
              FROM "devstack_command_run" AS "t0"
              WHERE
                "t0"."command" IS NOT NULL
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
            ) AS "t1"
            WHERE
              "t1"."is_run"
          ) AS "t2"
        ) AS "t3"
      ) AS "t4"
      GROUP BY
        1,
        2,
        3
    ) AS "t5"
  ) AS "t6"
  GROUP BY
    1,
    2
) AS "t7"
ORDER BY
  "t7"."hour" ASC,
  "t7"."week" ASC;

-- waiting
SELECT
  "t8"."weeks",
  "t8"."total_ms"
FROM (
  SELECT
    "t7"."user_id",
    COUNT(*) AS "weeks",
    SUM("t7"."waited_ms") AS "total_ms"
  FROM (
    SELECT
      "t6"."user_id",
      "t6"."week",
      SUM("t6"."waited_ms") AS "waited_ms"
    FROM (
      SELECT
        "t5"."command",
        "t5"."user_id",
        "t5"."week",
        "t5"."runs",
        "t5"."failed",
        "t5"."interrupted",
        "t5"."succeeded",
        "t5"."logarithms",
        "t5"."total_ms",
        "t5"."cut",
        IF("t5"."command" IN ('dev.provision'), "t5"."total_ms", 0) AS "waited_ms"
      FROM (
        SELECT
          "t4"."command",
          "t4"."user_id",
          "t4"."week",
          "t4"."runs",
          "t4"."failed",
          "t4"."interrupted",
          "t4"."succeeded",
          "t4"."logarithms",
          "t4"."total_ms",
          "t4"."cut"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t2"."command",
              "t2"."user_id",
              "t2"."week",
              "t2"."is_run",
              COUNT(*) AS "runs",
              SUM(IF("t2"."exit_status" > 0, 1, 0)) AS "failed",
              SUM(IF("t2"."exit_status" < 0, 1, 0)) AS "interrupted",
              SUM(IF("t2"."exit_status" = 0, 1, 0)) AS "succeeded",
              SUM("t2"."logarithm") AS "logarithms",
              SUM("t2"."duration_ms") AS "total_ms",
              SUM("t2"."cut") AS "cut"
            FROM (
              SELECT
                "t1"."is_run",
                "t1"."command",
                "t1"."user_id",
                LEAST(
                  "t1"."duration_ms",
                  CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                ) AS "duration_ms",
                "t1"."exit_status",
                "t1"."start_s",
                "t1"."commit_s",
                "t1"."on_master",
                "t1"."is_test",
                CAST(FLOOR(CAST((
                  "t1"."start_s" + 259200
                ) AS DOUBLE) / (
                  604800
                )) AS BIGINT) AS "week",
                IF(
                  "t1"."duration_ms" > CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END,
                  1,
                  0
                ) AS "cut",
                IF(
                  "t1"."exit_status" = 0,
                  CAST(ROUND(
                    LN(
                      CAST(GREATEST(
                        LEAST(
                          "t1"."duration_ms",
                          CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                        ),
                        1
                      ) AS DOUBLE)
                    ) * 1000,
                    0
                  ) AS BIGINT),
                  0
                ) AS "logarithm"
              FROM (
                SELECT
                  COALESCE(
                    (
                      "t0"."user_id" IS NOT NULL
                    )
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND (
                      "t0"."exit_status" IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ) AS "is_run",
                  "t0"."command",
                  "t0"."user_id",
                  IF(
                    COALESCE(
                      (
                        "t0"."user_id" IS NOT NULL
                      )
                      AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                      AND (
                        "t0"."exit_status" IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ),
                    "t0"."duration_ms",
                    0
                  ) AS "duration_ms",
                  "t0"."exit_status",
                  CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
                  CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
                  "t0"."git_checked_out_master" AS "on_master",
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
                FROM "devstack_command_run" AS "t0"
                WHERE
                  "t0"."command" IS NOT NULL
                  AND NOT (
                    LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                  )
                  AND "t0"."git_checked_out_master"
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
              ) AS "t1"
            ) AS "t2"
            GROUP BY
              1,
              2,
              3,
              4
          ) AS "t3"
          WHERE
            "t3"."is_run"
        ) AS "t4"
      ) AS "t5"
    ) AS "t6"
    GROUP BY
      1,
      2
  ) AS "t7"
  GROUP BY
    1
) AS "t8";

-- timeline
SELECT
  *
FROM (
  SELECT
    "t6"."week",
    COUNT(*) AS "people",
    SUM("t6"."runs") AS "runs",
    SUM("t6"."total_ms") AS "total_ms",
    SUM("t6"."failed") AS "failed",
    SUM("t6"."interrupted") AS "interrupted"
  FROM (
    SELECT
      "t5"."week",
      "t5"."user_id",
      SUM("t5"."runs") AS "runs",
      SUM("t5"."total_ms") AS "total_ms",
      SUM("t5"."failed") AS "failed",
      SUM("t5"."interrupted") AS "interrupted"
    FROM (
      SELECT
        "t4"."command",
        "t4"."user_id",
        "t4"."week",
        "t4"."runs",
        "t4"."failed",
        "t4"."interrupted",
        "t4"."succeeded",
        "t4"."logarithms",
        "t4"."total_ms",
        "t4"."cut"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t2"."command",
            "t2"."user_id",
            "t2"."week",
            "t2"."is_run",
            COUNT(*) AS "runs",
            SUM(IF("t2"."exit_status" > 0, 1, 0)) AS "failed",
            SUM(IF("t2"."exit_status" < 0, 1, 0)) AS "interrupted",
            SUM(IF("t2"."exit_status" = 0, 1, 0)) AS "succeeded",
            SUM("t2"."logarithm") AS "logarithms",
            SUM("t2"."duration_ms") AS "total_ms",
            SUM("t2"."cut") AS "cut"
          FROM (
            SELECT
              "t1"."is_run",
              "t1"."command",
              "t1"."user_id",
              LEAST(
                "t1"."duration_ms",
                CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
              ) AS "duration_ms",
              "t1"."exit_status",
              "t1"."start_s",
              "t1"."commit_s",
              "t1"."on_master",
              "t1"."is_test",
              CAST(FLOOR(CAST((
                "t1"."start_s" + 259200
              ) AS DOUBLE) / (
                604800
              )) AS BIGINT) AS "week",
              IF(
                "t1"."duration_ms" > CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END,
                1,
                0
              ) AS "cut",
              IF(
                "t1"."exit_status" = 0,
                CAST(ROUND(
                  LN(
                    CAST(GREATEST(
                      LEAST(
                        "t1"."duration_ms",
                        CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                      ),
                      1
                    ) AS DOUBLE)
                  ) * 1000,
                  0
                ) AS BIGINT),
                0
              ) AS "logarithm"
            FROM (
              SELECT
                COALESCE(
                  (
                    "t0"."user_id" IS NOT NULL
                  )
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND (
                    "t0"."exit_status" IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS "is_run",
                "t0"."command",
                "t0"."user_id",
                IF(
                  COALESCE(
                    (
                      "t0"."user_id" IS NOT NULL
                    )
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND (
                      "t0"."exit_status" IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  "t0"."duration_ms",
                  0
                ) AS "duration_ms",
                "t0"."exit_status",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
                "t0"."git_checked_out_master" AS "on_master",
                LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
              FROM "devstack_command_run" AS "t0"
              WHERE
                "t0"."command" IS NOT NULL
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
            ) AS "t1"
          ) AS "t2"
          GROUP BY
            1,
            2,
            3,
            4
        ) AS "t3"
        WHERE
          "t3"."is_run"
      ) AS "t4"
    ) AS "t5"
    GROUP BY
      1,
      2
  ) AS "t6"
  GROUP BY
    1
) AS "t7"
ORDER BY
  "t7"."week" ASC;

-- behind
WITH "t4" AS (
  SELECT
    *
  FROM (
    SELECT
      "t2"."command",
      "t2"."user_id",
      "t2"."duration_ms",
      "t2"."exit_status",
      "t2"."start_s",
      "t2"."commit_s",
      "t2"."on_master",
      "t2"."is_test"
    FROM (
      SELECT
        *
      FROM (
        SELECT
          COALESCE(
            (
              "t0"."user_id" IS NOT NULL
            )
            AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
            AND (
              "t0"."exit_status" IS NOT NULL
            )
            AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ) AS "is_run",
          "t0"."command",
          "t0"."user_id",
          IF(
            COALESCE(
              (
                "t0"."user_id" IS NOT NULL
              )
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND (
                "t0"."exit_status" IS NOT NULL
              )
              AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ),
            "t0"."duration_ms",
            0
          ) AS "duration_ms",
          "t0"."exit_status",
          CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
          CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
          "t0"."git_checked_out_master" AS "on_master",
          LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
        FROM "devstack_command_run" AS "t0"
        WHERE
          "t0"."command" IS NOT NULL
          AND NOT (
            LOWER(COALESCE("t0"."is_test", '')) <> 'false'
          )
          AND "t0"."git_checked_out_master"
          AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
      ) AS "t1"
      WHERE
        "t1"."is_run"
    ) AS "t2"
  ) AS "t3"
  WHERE
    "t3"."on_master" AND "t3"."commit_s" <= (
      "t3"."start_s" + 86400
    )
)
SELECT
  *
FROM (
  SELECT
    "t12"."week",
    COUNT(*) AS "people",
    SUM(IF("t12"."behind_s" >= 86400, 1, 0)) AS "at_least_1",
    SUM(IF("t12"."behind_s" >= 604800, 1, 0)) AS "at_least_7",
    SUM(IF("t12"."behind_s" >= 2419200, 1, 0)) AS "at_least_28"
  FROM (
    SELECT
      "t11"."week",
      "t11"."user_id",
      CAST(FLOOR(CAST((
        SUM("t11"."behind_s")
      ) AS DOUBLE) / (
        COUNT(*)
      )) AS BIGINT) AS "behind_s"
    FROM (
      SELECT
        "t10"."command",
        "t10"."user_id",
        "t10"."duration_ms",
        "t10"."exit_status",
        "t10"."start_s",
        "t10"."commit_s",
        "t10"."on_master",
        "t10"."is_test",
        "t10"."newer_seen_s",
        CAST(FLOOR(CAST((
          "t10"."start_s" + 259200
        ) AS DOUBLE) / (
          604800
        )) AS BIGINT) AS "week",
        IF("t10"."start_s" > "t10"."newer_seen_s", "t10"."start_s" - "t10"."newer_seen_s", 0) AS "behind_s"
      FROM (
        SELECT
          "t6"."command",
          "t6"."user_id",
          "t6"."duration_ms",
          "t6"."exit_status",
          "t6"."start_s",
          "t6"."commit_s",
          "t6"."on_master",
          "t6"."is_test",
          "t9"."newer_seen_s"
        FROM "t4" AS "t6"
        INNER JOIN (
          SELECT
            "t7"."commit_s",
            MIN("t7"."first_seen_s") OVER (ORDER BY "t7"."commit_s" DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 preceding) AS "newer_seen_s"
          FROM (
            SELECT
              "t5"."commit_s",
              MIN("t5"."start_s") AS "first_seen_s"
            FROM "t4" AS "t5"
            GROUP BY
              1
          ) AS "t7"
        ) AS "t9"
          ON "t6"."commit_s" = "t9"."commit_s"
      ) AS "t10"
    ) AS "t11"
    GROUP BY
      1,
      2
  ) AS "t12"
  GROUP BY
    1
) AS "t13"
ORDER BY
  "t13"."week" ASC;

-- weekly
SELECT
  "t11"."command",
  "t11"."week",
  "t11"."runs",
  "t11"."failed",
  "t11"."interrupted",
  "t11"."succeeded",
  "t11"."logarithms",
  "t11"."total_ms",
  "t11"."cut",
  "t11"."person"
FROM (
  SELECT
    "t8"."command",
    "t8"."user_id",
    "t8"."week",
    "t8"."runs",
    "t8"."failed",
    "t8"."interrupted",
    "t8"."succeeded",
    "t8"."logarithms",
    "t8"."total_ms",
    "t8"."cut",
    "t10"."person"
  FROM (
    SELECT
      CAST(CASE
        WHEN "t5"."command" = 'dev.down'
        THEN 0
        WHEN "t5"."command" = 'dev.provision'
        THEN 1
        ELSE NULL
      END AS BIGINT) AS "command",
      "t5"."user_id",
      "t5"."week",
      "t5"."runs",
      "t5"."failed",
      "t5"."interrupted",
      "t5"."succeeded",
      "t5"."logarithms",
      "t5"."total_ms",
      "t5"."cut"
    FROM (
      SELECT
        "t4"."command",
        "t4"."user_id",
        "t4"."week",
        "t4"."runs",
        "t4"."failed",
        "t4"."interrupted",
        "t4"."succeeded",
        "t4"."logarithms",
        "t4"."total_ms",
        "t4"."cut"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            "t2"."command",
            "t2"."user_id",
            "t2"."week",
            "t2"."is_run",
            COUNT(*) AS "runs",
            SUM(IF("t2"."exit_status" > 0, 1, 0)) AS "failed",
            SUM(IF("t2"."exit_status" < 0, 1, 0)) AS "interrupted",
            SUM(IF("t2"."exit_status" = 0, 1, 0)) AS "succeeded",
            SUM("t2"."logarithm") AS "logarithms",
            SUM("t2"."duration_ms") AS "total_ms",
            SUM("t2"."cut") AS "cut"
          FROM (
            SELECT
              "t1"."is_run",
              "t1"."command",
              "t1"."user_id",
              LEAST(
                "t1"."duration_ms",
                CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
              ) AS "duration_ms",
              "t1"."exit_status",
              "t1"."start_s",
              "t1"."commit_s",
              "t1"."on_master",
              "t1"."is_test",
              CAST(FLOOR(CAST((
                "t1"."start_s" + 259200
              ) AS DOUBLE) / (
                604800
              )) AS BIGINT) AS "week",
              IF(
                "t1"."duration_ms" > CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END,
                1,
                0
              ) AS "cut",
              IF(
                "t1"."exit_status" = 0,
                CAST(ROUND(
                  LN(
                    CAST(GREATEST(
                      LEAST(
                        "t1"."duration_ms",
                        CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                      ),
                      1
                    ) AS DOUBLE)
                  ) * 1000,
                  0
                ) AS BIGINT),
                0
              ) AS "logarithm"
            FROM (
              SELECT
                COALESCE(
                  (
                    "t0"."user_id" IS NOT NULL
                  )
                  AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                  AND (
                    "t0"."exit_status" IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS "is_run",
                "t0"."command",
                "t0"."user_id",
                IF(
                  COALESCE(
                    (
                      "t0"."user_id" IS NOT NULL
                    )
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND (
                      "t0"."exit_status" IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  "t0"."duration_ms",
                  0
                ) AS "duration_ms",
                "t0"."exit_status",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
                CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
                "t0"."git_checked_out_master" AS "on_master",
                LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
              FROM "devstack_command_run" AS "t0"
              WHERE
                "t0"."command" IS NOT NULL
                AND NOT (
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                )
                AND "t0"."git_checked_out_master"
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
            ) AS "t1"
          ) AS "t2"
          GROUP BY
            1,
            2,
            3,
            4
        ) AS "t3"
        WHERE
          "t3"."is_run"
      ) AS "t4"
    ) AS "t5"
    WHERE
      "t5"."command" IN ('dev.down', 'dev.provision')
  ) AS "t8"
  INNER JOIN (
    SELECT
      "t6"."user_id",
      ROW_NUMBER() OVER (ORDER BY "t6"."user_id" ASC) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t5"."user_id"
      FROM (
        SELECT
          "t4"."command",
          "t4"."user_id",
          "t4"."week",
          "t4"."runs",
          "t4"."failed",
          "t4"."interrupted",
          "t4"."succeeded",
          "t4"."logarithms",
          "t4"."total_ms",
          "t4"."cut"
        FROM (
          SELECT
            *
          FROM (
            SELECT
              "t2"."command",
              "t2"."user_id",
              "t2"."week",
              "t2"."is_run",
              COUNT(*) AS "runs",
              SUM(IF("t2"."exit_status" > 0, 1, 0)) AS "failed",
              SUM(IF("t2"."exit_status" < 0, 1, 0)) AS "interrupted",
              SUM(IF("t2"."exit_status" = 0, 1, 0)) AS "succeeded",
              SUM("t2"."logarithm") AS "logarithms",
              SUM("t2"."duration_ms") AS "total_ms",
              SUM("t2"."cut") AS "cut"
            FROM (
              SELECT
                "t1"."is_run",
                "t1"."command",
                "t1"."user_id",
                LEAST(
                  "t1"."duration_ms",
                  CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                ) AS "duration_ms",
                "t1"."exit_status",
                "t1"."start_s",
                "t1"."commit_s",
                "t1"."on_master",
                "t1"."is_test",
                CAST(FLOOR(CAST((
                  "t1"."start_s" + 259200
                ) AS DOUBLE) / (
                  604800
                )) AS BIGINT) AS "week",
                IF(
                  "t1"."duration_ms" > CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END,
                  1,
                  0
                ) AS "cut",
                IF(
                  "t1"."exit_status" = 0,
                  CAST(ROUND(
                    LN(
                      CAST(GREATEST(
                        LEAST(
                          "t1"."duration_ms",
                          CASE WHEN "t1"."command" = 'dev.provision' THEN 3600000 ELSE 31622400000 END
                        ),
                        1
                      ) AS DOUBLE)
                    ) * 1000,
                    0
                  ) AS BIGINT),
                  0
                ) AS "logarithm"
              FROM (
                SELECT
                  COALESCE(
                    (
                      "t0"."user_id" IS NOT NULL
                    )
                    AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                    AND (
                      "t0"."exit_status" IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ) AS "is_run",
                  "t0"."command",
                  "t0"."user_id",
                  IF(
                    COALESCE(
                      (
                        "t0"."user_id" IS NOT NULL
                      )
                      AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                      AND (
                        "t0"."exit_status" IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ),
                    "t0"."duration_ms",
                    0
                  ) AS "duration_ms",
                  "t0"."exit_status",
                  CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
                  CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
                  "t0"."git_checked_out_master" AS "on_master",
                  LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
                FROM "devstack_command_run" AS "t0"
                WHERE
                  "t0"."command" IS NOT NULL
                  AND NOT (
                    LOWER(COALESCE("t0"."is_test", '')) <> 'false'
                  )
                  AND "t0"."git_checked_out_master"
                  AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
              ) AS "t1"
            ) AS "t2"
            GROUP BY
              1,
              2,
              3,
              4
          ) AS "t3"
          WHERE
            "t3"."is_run"
        ) AS "t4"
      ) AS "t5"
      WHERE
        "t5"."command" IN ('dev.down', 'dev.provision')
    ) AS "t6"
  ) AS "t10"
    ON "t8"."user_id" = "t10"."user_id"
) AS "t11";

-- commits
WITH "t5" AS (
  SELECT
    "t4"."command",
    "t4"."user_id",
    "t4"."week",
    "t4"."day",
    COUNT(*) AS "runs",
    SUM(IF("t4"."exit_status" > 0, 1, 0)) AS "failed",
    SUM(IF("t4"."exit_status" < 0, 1, 0)) AS "interrupted",
    SUM(IF("t4"."exit_status" = 0, 1, 0)) AS "succeeded",
    SUM("t4"."logarithm") AS "logarithms",
    SUM("t4"."duration_ms") AS "total_ms"
  FROM (
    SELECT
      "t3"."command",
      "t3"."user_id",
      "t3"."duration_ms",
      "t3"."exit_status",
      "t3"."start_s",
      "t3"."commit_s",
      "t3"."on_master",
      "t3"."is_test",
      CAST(FLOOR(CAST((
        "t3"."start_s" + 259200
      ) AS DOUBLE) / (
        604800
      )) AS BIGINT) AS "week",
      CAST(FLOOR(CAST((
        "t3"."commit_s"
      ) AS DOUBLE) / (
        86400
      )) AS BIGINT) AS "day",
      IF(
        "t3"."exit_status" = 0,
        CAST(ROUND(LN(CAST(GREATEST("t3"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT),
        0
      ) AS "logarithm"
    FROM (
      SELECT
        "t2"."command",
        "t2"."user_id",
        "t2"."duration_ms",
        "t2"."exit_status",
        "t2"."start_s",
        "t2"."commit_s",
        "t2"."on_master",
        "t2"."is_test"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            COALESCE(
              (
                "t0"."user_id" IS NOT NULL
              )
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND (
                "t0"."exit_status" IS NOT NULL
              )
              AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ) AS "is_run",
            "t0"."command",
            "t0"."user_id",
            IF(
              COALESCE(
                (
                  "t0"."user_id" IS NOT NULL
                )
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND (
                  "t0"."exit_status" IS NOT NULL
                )
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ),
              "t0"."duration_ms",
              0
            ) AS "duration_ms",
            "t0"."exit_status",
            CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
            CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
            "t0"."git_checked_out_master" AS "on_master",
            LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
          FROM "devstack_command_run" AS "t0"
          WHERE
            "t0"."command" IS NOT NULL
            AND NOT (
              LOWER(COALESCE("t0"."is_test", '')) <> 'false'
            )
            AND "t0"."git_checked_out_master"
            AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
        ) AS "t1"
        WHERE
          "t1"."is_run"
      ) AS "t2"
    ) AS "t3"
    WHERE
      "t3"."command" IN ('dev.provision')
      AND "t3"."on_master"
      AND "t3"."commit_s" IS NOT NULL
  ) AS "t4"
  GROUP BY
    1,
    2,
    3,
    4
)
SELECT
  "t11"."command",
  "t11"."week",
  "t11"."day",
  "t11"."runs",
  "t11"."failed",
  "t11"."interrupted",
  "t11"."succeeded",
  "t11"."logarithms",
  "t11"."total_ms",
  "t11"."person"
FROM (
  SELECT
    "t7"."command",
    "t7"."user_id",
    "t7"."week",
    "t7"."day",
    "t7"."runs",
    "t7"."failed",
    "t7"."interrupted",
    "t7"."succeeded",
    "t7"."logarithms",
    "t7"."total_ms",
    "t10"."person"
  FROM "t5" AS "t7"
  INNER JOIN (
    SELECT
      "t8"."user_id",
      ROW_NUMBER() OVER (ORDER BY "t8"."user_id" ASC) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t6"."user_id"
      FROM "t5" AS "t6"
    ) AS "t8"
  ) AS "t10"
    ON "t7"."user_id" = "t10"."user_id"
) AS "t11";

-- sides
WITH "t5" AS (
  SELECT
    "t4"."user_id",
    "t4"."after",
    "t4"."day",
    COUNT(*) AS "runs",
    SUM(IF("t4"."exit_status" > 0, 1, 0)) AS "failed",
    SUM(IF("t4"."exit_status" < 0, 1, 0)) AS "interrupted",
    SUM(IF("t4"."exit_status" = 0, 1, 0)) AS "succeeded",
    SUM("t4"."logarithm") AS "logarithms",
    SUM("t4"."logarithm" * "t4"."logarithm") AS "squares"
  FROM (
    SELECT
      "t3"."command",
      "t3"."user_id",
      "t3"."duration_ms",
      "t3"."exit_status",
      "t3"."start_s",
      "t3"."commit_s",
      "t3"."on_master",
      "t3"."is_test",
      IF("t3"."commit_s" >= 1777370400, 1, 0) AS "after",
      CAST(FLOOR(
        CAST((
          (
            "t3"."start_s" - 1777370400
          ) + 8640000000
        ) AS DOUBLE) / (
          86400
        )
      ) AS BIGINT) - 100000 AS "day",
      IF(
        "t3"."exit_status" = 0,
        CAST(ROUND(LN(CAST(GREATEST("t3"."duration_ms", 1) AS DOUBLE)) * 1000, 0) AS BIGINT),
        0
      ) AS "logarithm"
    FROM (
      SELECT
        "t2"."command",
        "t2"."user_id",
        "t2"."duration_ms",
        "t2"."exit_status",
        "t2"."start_s",
        "t2"."commit_s",
        "t2"."on_master",
        "t2"."is_test"
      FROM (
        SELECT
          *
        FROM (
          SELECT
            COALESCE(
              (
                "t0"."user_id" IS NOT NULL
              )
              AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
              AND (
                "t0"."exit_status" IS NOT NULL
              )
              AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ) AS "is_run",
            "t0"."command",
            "t0"."user_id",
            IF(
              COALESCE(
                (
                  "t0"."user_id" IS NOT NULL
                )
                AND "t0"."duration_ms" BETWEEN 0 AND 31622400000
                AND (
                  "t0"."exit_status" IS NOT NULL
                )
                AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ),
              "t0"."duration_ms",
              0
            ) AS "duration_ms",
            "t0"."exit_status",
            CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) AS "start_s",
            CAST(FLOOR(CAST(TO_UNIXTIME("t0"."git_commit_time") AS DOUBLE)) AS BIGINT) AS "commit_s",
            "t0"."git_checked_out_master" AS "on_master",
            LOWER(COALESCE("t0"."is_test", '')) <> 'false' AS "is_test"
          FROM "devstack_command_run" AS "t0"
          WHERE
            "t0"."command" IS NOT NULL
            AND NOT (
              LOWER(COALESCE("t0"."is_test", '')) <> 'false'
            )
            AND "t0"."git_checked_out_master"
            AND CAST(FLOOR(CAST(TO_UNIXTIME("t0"."start_time") AS DOUBLE)) AS BIGINT) >= 1767571200
        ) AS "t1"
        WHERE
          "t1"."is_run"
      ) AS "t2"
    ) AS "t3"
    WHERE
      "t3"."command" = 'dev.provision' AND "t3"."commit_s" IS NOT NULL
  ) AS "t4"
  GROUP BY
    1,
    2,
    3
)
SELECT
  "t11"."after",
  "t11"."day",
  "t11"."runs",
  "t11"."failed",
  "t11"."interrupted",
  "t11"."succeeded",
  "t11"."logarithms",
  "t11"."squares",
  "t11"."person"
FROM (
  SELECT
    "t7"."user_id",
    "t7"."after",
    "t7"."day",
    "t7"."runs",
    "t7"."failed",
    "t7"."interrupted",
    "t7"."succeeded",
    "t7"."logarithms",
    "t7"."squares",
    "t10"."person"
  FROM "t5" AS "t7"
  INNER JOIN (
    SELECT
      "t8"."user_id",
      ROW_NUMBER() OVER (ORDER BY "t8"."user_id" ASC) - 1 AS "person"
    FROM (
      SELECT DISTINCT
        "t6"."user_id"
      FROM "t5" AS "t6"
    ) AS "t8"
  ) AS "t10"
    ON "t7"."user_id" = "t10"."user_id"
) AS "t11";

