-- automated
SELECT
  COUNT(*) AS `people`,
  COALESCE(SUM(`t4`.`runs`), 0) AS `runs`,
  COALESCE(SUM(`t4`.`failed`), 0) AS `failed`
FROM (
  SELECT
    `t3`.`user_id`,
    COUNT(*) AS `runs`,
    SUM(IF(`t3`.`exit_status` > 0, 1, 0)) AS `failed`
  FROM (
    SELECT
      `t2`.*
      EXCEPT (`is_run`)
    FROM (
      SELECT
        *
      FROM (
        SELECT
          COALESCE(
            (
              `t0`.`user_id` IS NOT NULL
            )
            AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
            AND (
              `t0`.`exit_status` IS NOT NULL
            )
            AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ) AS `is_run`,
          `t0`.`command`,
          `t0`.`user_id`,
          IF(
            COALESCE(
              (
                `t0`.`user_id` IS NOT NULL
              )
              AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
              AND (
                `t0`.`exit_status` IS NOT NULL
              )
              AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ),
            `t0`.`duration_ms`,
            0
          ) AS `duration_ms`,
          `t0`.`exit_status`,
          CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
          CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
          `t0`.`git_checked_out_master` AS `on_master`,
          LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
        FROM `devstack_command_run` AS `t0`
        WHERE
          COALESCE(`t0`.`caller` IN ('agent', 'program'), FALSE)
          AND `t0`.`command` IS NOT NULL
      ) AS `t1`
      WHERE
        `t1`.`is_run`
    ) AS `t2`
  ) AS `t3`
  GROUP BY
    1
) AS `t4`;

-- exceptions
SELECT
  COALESCE(SUM(IF(`t3`.`is_run`, 0, `t3`.`runs`)), 0) AS `left_out`,
  COALESCE(SUM(`t3`.`cut`), 0) AS `cut`,
  COALESCE(MIN(IF(`t3`.`is_run`, `t3`.`first_s`, NULL)), 0) AS `first_s`,
  COALESCE(MAX(IF(`t3`.`is_run`, `t3`.`last_s`, NULL)), 0) AS `last_s`
FROM (
  SELECT
    `t2`.`command`,
    `t2`.`user_id`,
    `t2`.`week`,
    `t2`.`is_run`,
    COUNT(*) AS `runs`,
    SUM(IF(`t2`.`exit_status` > 0, 1, 0)) AS `failed`,
    SUM(IF(`t2`.`exit_status` < 0, 1, 0)) AS `interrupted`,
    SUM(IF(`t2`.`exit_status` = 0, 1, 0)) AS `succeeded`,
    SUM(`t2`.`logarithm`) AS `logarithms`,
    SUM(`t2`.`duration_ms`) AS `total_ms`,
    SUM(`t2`.`cut`) AS `cut`,
    MIN(`t2`.`start_s`) AS `first_s`,
    MAX(`t2`.`start_s`) AS `last_s`
  FROM (
    SELECT
      `t1`.`is_run`,
      `t1`.`command`,
      `t1`.`user_id`,
      LEAST(
        `t1`.`duration_ms`,
        CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
      ) AS `duration_ms`,
      `t1`.`exit_status`,
      `t1`.`start_s`,
      `t1`.`commit_s`,
      `t1`.`on_master`,
      `t1`.`is_test`,
      CAST(FLOOR(ieee_divide(`t1`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
      IF(
        `t1`.`duration_ms` > CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END,
        1,
        0
      ) AS `cut`,
      IF(
        `t1`.`exit_status` = 0,
        CAST(ROUND(
          LN(
            CAST(GREATEST(
              LEAST(
                `t1`.`duration_ms`,
                CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
              ),
              1
            ) AS FLOAT64)
          ) * 1000,
          0
        ) AS INT64),
        0
      ) AS `logarithm`
    FROM (
      SELECT
        COALESCE(
          (
            `t0`.`user_id` IS NOT NULL
          )
          AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
          AND (
            `t0`.`exit_status` IS NOT NULL
          )
          AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
          FALSE
        ) AS `is_run`,
        `t0`.`command`,
        `t0`.`user_id`,
        IF(
          COALESCE(
            (
              `t0`.`user_id` IS NOT NULL
            )
            AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
            AND (
              `t0`.`exit_status` IS NOT NULL
            )
            AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ),
          `t0`.`duration_ms`,
          0
        ) AS `duration_ms`,
        `t0`.`exit_status`,
        CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
        CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
        `t0`.`git_checked_out_master` AS `on_master`,
        LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
      FROM `devstack_command_run` AS `t0`
      WHERE
        `t0`.`command` IS NOT NULL
        AND NOT (
          LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
        )
        AND `t0`.`git_checked_out_master`
        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
    ) AS `t1`
  ) AS `t2`
  GROUP BY
    1,
    2,
    3,
    4
) AS `t3`;

-- totals
SELECT
  `t7`.`command`,
  COUNT(*) AS `people`,
  SUM(`t7`.`runs`) AS `runs`,
  SUM(`t7`.`total_ms`) AS `total_ms`,
  SUM(`t7`.`failed`) AS `failed`,
  SUM(`t7`.`interrupted`) AS `interrupted`
FROM (
  SELECT
    `t6`.`command`,
    `t6`.`user_id`,
    SUM(`t6`.`runs`) AS `runs`,
    SUM(`t6`.`total_ms`) AS `total_ms`,
    SUM(`t6`.`failed`) AS `failed`,
    SUM(`t6`.`interrupted`) AS `interrupted`
  FROM (
    SELECT
      CASE
        WHEN `t5`.`command` IN ('dev.down', 'dev.provision')
        THEN `t5`.`command`
        ELSE 'other'
      END AS `command`,
      `t5`.`user_id`,
      `t5`.`week`,
      `t5`.`runs`,
      `t5`.`failed`,
      `t5`.`interrupted`,
      `t5`.`succeeded`,
      `t5`.`logarithms`,
      `t5`.`total_ms`,
      `t5`.`cut`,
      `t5`.`first_s`,
      `t5`.`last_s`
    FROM (
      SELECT
        `t4`.*
        EXCEPT (`is_run`)
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t2`.`command`,
            `t2`.`user_id`,
            `t2`.`week`,
            `t2`.`is_run`,
            COUNT(*) AS `runs`,
            SUM(IF(`t2`.`exit_status` > 0, 1, 0)) AS `failed`,
            SUM(IF(`t2`.`exit_status` < 0, 1, 0)) AS `interrupted`,
            SUM(IF(`t2`.`exit_status` = 0, 1, 0)) AS `succeeded`,
            SUM(`t2`.`logarithm`) AS `logarithms`,
            SUM(`t2`.`duration_ms`) AS `total_ms`,
            SUM(`t2`.`cut`) AS `cut`,
            MIN(`t2`.`start_s`) AS `first_s`,
            MAX(`t2`.`start_s`) AS `last_s`
          FROM (
            SELECT
              `t1`.`is_run`,
              `t1`.`command`,
              `t1`.`user_id`,
              LEAST(
                `t1`.`duration_ms`,
                CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
              ) AS `duration_ms`,
              `t1`.`exit_status`,
              `t1`.`start_s`,
              `t1`.`commit_s`,
              `t1`.`on_master`,
              `t1`.`is_test`,
              CAST(FLOOR(ieee_divide(`t1`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
              IF(
                `t1`.`duration_ms` > CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END,
                1,
                0
              ) AS `cut`,
              IF(
                `t1`.`exit_status` = 0,
                CAST(ROUND(
                  LN(
                    CAST(GREATEST(
                      LEAST(
                        `t1`.`duration_ms`,
                        CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
                      ),
                      1
                    ) AS FLOAT64)
                  ) * 1000,
                  0
                ) AS INT64),
                0
              ) AS `logarithm`
            FROM (
              SELECT
                COALESCE(
                  (
                    `t0`.`user_id` IS NOT NULL
                  )
                  AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                  AND (
                    `t0`.`exit_status` IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS `is_run`,
                `t0`.`command`,
                `t0`.`user_id`,
                IF(
                  COALESCE(
                    (
                      `t0`.`user_id` IS NOT NULL
                    )
                    AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                    AND (
                      `t0`.`exit_status` IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  `t0`.`duration_ms`,
                  0
                ) AS `duration_ms`,
                `t0`.`exit_status`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                `t0`.`git_checked_out_master` AS `on_master`,
                LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
              FROM `devstack_command_run` AS `t0`
              WHERE
                `t0`.`command` IS NOT NULL
                AND NOT (
                  LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                )
                AND `t0`.`git_checked_out_master`
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
            ) AS `t1`
          ) AS `t2`
          GROUP BY
            1,
            2,
            3,
            4
        ) AS `t3`
        WHERE
          `t3`.`is_run`
      ) AS `t4`
    ) AS `t5`
  ) AS `t6`
  GROUP BY
    1,
    2
) AS `t7`
GROUP BY
  1;

-- people
SELECT
  COUNT(*) AS `people`
FROM (
  SELECT DISTINCT
    `t5`.`user_id`
  FROM (
    SELECT
      `t4`.*
      EXCEPT (`is_run`)
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t2`.`command`,
          `t2`.`user_id`,
          `t2`.`week`,
          `t2`.`is_run`,
          COUNT(*) AS `runs`,
          SUM(IF(`t2`.`exit_status` > 0, 1, 0)) AS `failed`,
          SUM(IF(`t2`.`exit_status` < 0, 1, 0)) AS `interrupted`,
          SUM(IF(`t2`.`exit_status` = 0, 1, 0)) AS `succeeded`,
          SUM(`t2`.`logarithm`) AS `logarithms`,
          SUM(`t2`.`duration_ms`) AS `total_ms`,
          SUM(`t2`.`cut`) AS `cut`,
          MIN(`t2`.`start_s`) AS `first_s`,
          MAX(`t2`.`start_s`) AS `last_s`
        FROM (
          SELECT
            `t1`.`is_run`,
            `t1`.`command`,
            `t1`.`user_id`,
            LEAST(
              `t1`.`duration_ms`,
              CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
            ) AS `duration_ms`,
            `t1`.`exit_status`,
            `t1`.`start_s`,
            `t1`.`commit_s`,
            `t1`.`on_master`,
            `t1`.`is_test`,
            CAST(FLOOR(ieee_divide(`t1`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
            IF(
              `t1`.`duration_ms` > CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END,
              1,
              0
            ) AS `cut`,
            IF(
              `t1`.`exit_status` = 0,
              CAST(ROUND(
                LN(
                  CAST(GREATEST(
                    LEAST(
                      `t1`.`duration_ms`,
                      CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
                    ),
                    1
                  ) AS FLOAT64)
                ) * 1000,
                0
              ) AS INT64),
              0
            ) AS `logarithm`
          FROM (
            SELECT
              COALESCE(
                (
                  `t0`.`user_id` IS NOT NULL
                )
                AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                AND (
                  `t0`.`exit_status` IS NOT NULL
                )
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS `is_run`,
              `t0`.`command`,
              `t0`.`user_id`,
              IF(
                COALESCE(
                  (
                    `t0`.`user_id` IS NOT NULL
                  )
                  AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                  AND (
                    `t0`.`exit_status` IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ),
                `t0`.`duration_ms`,
                0
              ) AS `duration_ms`,
              `t0`.`exit_status`,
              CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
              CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
              `t0`.`git_checked_out_master` AS `on_master`,
              LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
            FROM `devstack_command_run` AS `t0`
            WHERE
              `t0`.`command` IS NOT NULL
              AND NOT (
                LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
              )
              AND `t0`.`git_checked_out_master`
              AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
          ) AS `t1`
        ) AS `t2`
        GROUP BY
          1,
          2,
          3,
          4
      ) AS `t3`
      WHERE
        `t3`.`is_run`
    ) AS `t4`
  ) AS `t5`
) AS `t6`;

-- spread
SELECT
  `t6`.`command`,
  MAX(`t6`.`count`) AS `count`,
  MIN(
    IF(
      `t6`.`up_to` > CAST(FLOOR(ieee_divide((
        `t6`.`count` - 1
      ) * 50, 100)) AS INT64),
      `t6`.`value`,
      NULL
    )
  ) + ieee_divide(
    (
      MIN(
        IF(
          `t6`.`up_to` > LEAST(
            CAST(FLOOR(ieee_divide((
              `t6`.`count` - 1
            ) * 50, 100)) AS INT64) + 1,
            `t6`.`count` - 1
          ),
          `t6`.`value`,
          NULL
        )
      ) - MIN(
        IF(
          `t6`.`up_to` > CAST(FLOOR(ieee_divide((
            `t6`.`count` - 1
          ) * 50, 100)) AS INT64),
          `t6`.`value`,
          NULL
        )
      )
    ) * (
      MOD(MAX((
        `t6`.`count` - 1
      ) * 50), 100)
    ),
    100
  ) AS `p50`,
  MIN(
    IF(
      `t6`.`up_to` > CAST(FLOOR(ieee_divide((
        `t6`.`count` - 1
      ) * 95, 100)) AS INT64),
      `t6`.`value`,
      NULL
    )
  ) + ieee_divide(
    (
      MIN(
        IF(
          `t6`.`up_to` > LEAST(
            CAST(FLOOR(ieee_divide((
              `t6`.`count` - 1
            ) * 95, 100)) AS INT64) + 1,
            `t6`.`count` - 1
          ),
          `t6`.`value`,
          NULL
        )
      ) - MIN(
        IF(
          `t6`.`up_to` > CAST(FLOOR(ieee_divide((
            `t6`.`count` - 1
          ) * 95, 100)) AS INT64),
          `t6`.`value`,
          NULL
        )
      )
    ) * (
      MOD(MAX((
        `t6`.`count` - 1
      ) * 95), 100)
    ),
    100
  ) AS `p95`
FROM (
  SELECT
    `t5`.`command`,
    `t5`.`value`,
    `t5`.`number`,
    SUM(`t5`.`number`) OVER (
      PARTITION BY `t5`.`command`
      ORDER BY `t5`.`value` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `up_to`,
    SUM(`t5`.`number`) OVER (
      PARTITION BY `t5`.`command`
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS `count`
  FROM (
    SELECT
      `t4`.`command`,
      `t4`.`value`,
      COUNT(*) AS `number`
    FROM (
      SELECT
        `t3`.`command`,
        `t3`.`user_id`,
        `t3`.`duration_ms`,
        `t3`.`exit_status`,
        `t3`.`start_s`,
        `t3`.`commit_s`,
        `t3`.`on_master`,
        `t3`.`is_test`,
        `t3`.`duration_ms` AS `value`
      FROM (
        SELECT
          `t2`.*
          EXCEPT (`is_run`)
        FROM (
          SELECT
            *
          FROM (
            SELECT
              COALESCE(
                (
                  `t0`.`user_id` IS NOT NULL
                )
                AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                AND (
                  `t0`.`exit_status` IS NOT NULL
                )
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS `is_run`,
              `t0`.`command`,
              `t0`.`user_id`,
              IF(
                COALESCE(
                  (
                    `t0`.`user_id` IS NOT NULL
                  )
                  AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                  AND (
                    `t0`.`exit_status` IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ),
                `t0`.`duration_ms`,
                0
              ) AS `duration_ms`,
              `t0`.`exit_status`,
              CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
              CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
              `t0`.`git_checked_out_master` AS `on_master`,
              LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
            FROM `devstack_command_run` AS `t0`
            WHERE
              `t0`.`command` IS NOT NULL
              AND NOT (
                LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
              )
              AND `t0`.`git_checked_out_master`
              AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
          ) AS `t1`
          WHERE
            `t1`.`is_run`
        ) AS `t2`
      ) AS `t3`
    ) AS `t4`
    GROUP BY
      1,
      2
  ) AS `t5`
) AS `t6`
GROUP BY
  1;

-- weeks
SELECT
  `t6`.`command`,
  `t6`.`week`,
  MAX(`t6`.`count`) AS `count`,
  MIN(
    IF(
      `t6`.`up_to` > CAST(FLOOR(ieee_divide((
        `t6`.`count` - 1
      ) * 50, 100)) AS INT64),
      `t6`.`value`,
      NULL
    )
  ) + ieee_divide(
    (
      MIN(
        IF(
          `t6`.`up_to` > LEAST(
            CAST(FLOOR(ieee_divide((
              `t6`.`count` - 1
            ) * 50, 100)) AS INT64) + 1,
            `t6`.`count` - 1
          ),
          `t6`.`value`,
          NULL
        )
      ) - MIN(
        IF(
          `t6`.`up_to` > CAST(FLOOR(ieee_divide((
            `t6`.`count` - 1
          ) * 50, 100)) AS INT64),
          `t6`.`value`,
          NULL
        )
      )
    ) * (
      MOD(MAX((
        `t6`.`count` - 1
      ) * 50), 100)
    ),
    100
  ) AS `p50`,
  MIN(
    IF(
      `t6`.`up_to` > CAST(FLOOR(ieee_divide((
        `t6`.`count` - 1
      ) * 90, 100)) AS INT64),
      `t6`.`value`,
      NULL
    )
  ) + ieee_divide(
    (
      MIN(
        IF(
          `t6`.`up_to` > LEAST(
            CAST(FLOOR(ieee_divide((
              `t6`.`count` - 1
            ) * 90, 100)) AS INT64) + 1,
            `t6`.`count` - 1
          ),
          `t6`.`value`,
          NULL
        )
      ) - MIN(
        IF(
          `t6`.`up_to` > CAST(FLOOR(ieee_divide((
            `t6`.`count` - 1
          ) * 90, 100)) AS INT64),
          `t6`.`value`,
          NULL
        )
      )
    ) * (
      MOD(MAX((
        `t6`.`count` - 1
      ) * 90), 100)
    ),
    100
  ) AS `p90`
FROM (
  SELECT
    `t5`.`command`,
    `t5`.`week`,
    `t5`.`value`,
    `t5`.`number`,
    SUM(`t5`.`number`) OVER (
      PARTITION BY `t5`.`command`, `t5`.`week`
      ORDER BY `t5`.`value` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `up_to`,
    SUM(`t5`.`number`) OVER (
      PARTITION BY `t5`.`command`, `t5`.`week`
      ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
    ) AS `count`
  FROM (
    SELECT
      `t4`.`command`,
      `t4`.`week`,
      `t4`.`value`,
      COUNT(*) AS `number`
    FROM (
      SELECT
        `t3`.`command`,
        `t3`.`user_id`,
        `t3`.`duration_ms`,
        `t3`.`exit_status`,
        `t3`.`start_s`,
        `t3`.`commit_s`,
        `t3`.`on_master`,
        `t3`.`is_test`,
        `t3`.`duration_ms` AS `value`,
        CAST(FLOOR(ieee_divide(`t3`.`start_s` + 259200, 604800)) AS INT64) AS `week`
      FROM (
        SELECT
          `t2`.*
          EXCEPT (`is_run`)
        FROM (
          SELECT
            *
          FROM (
            SELECT
              COALESCE(
                (
                  `t0`.`user_id` IS NOT NULL
                )
                AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                AND (
                  `t0`.`exit_status` IS NOT NULL
                )
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ) AS `is_run`,
              `t0`.`command`,
              `t0`.`user_id`,
              IF(
                COALESCE(
                  (
                    `t0`.`user_id` IS NOT NULL
                  )
                  AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                  AND (
                    `t0`.`exit_status` IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ),
                `t0`.`duration_ms`,
                0
              ) AS `duration_ms`,
              `t0`.`exit_status`,
              CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
              CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
              `t0`.`git_checked_out_master` AS `on_master`,
              LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
            FROM `devstack_command_run` AS `t0`
            WHERE
              `t0`.`command` IS NOT NULL
              AND NOT (
                LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
              )
              AND `t0`.`git_checked_out_master`
              AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
          ) AS `t1`
          WHERE
            `t1`.`is_run`
        ) AS `t2`
      ) AS `t3`
    ) AS `t4`
    GROUP BY
      1,
      2,
      3
  ) AS `t5`
) AS `t6`
GROUP BY
  1,
  2;

-- hours
SELECT
  *
FROM (
  SELECT
    `t6`.`hour`,
    `t6`.`week`,
    SUM(`t6`.`runs`) AS `runs`,
    SUM(`t6`.`failed`) AS `failed`,
    SUM(`t6`.`interrupted`) AS `interrupted`,
    SUM(`t6`.`expected`) AS `expected`
  FROM (
    SELECT
      `t5`.`user_id`,
      `t5`.`hour`,
      `t5`.`week`,
      `t5`.`runs`,
      `t5`.`failed`,
      `t5`.`interrupted`,
      `t5`.`runs` * CAST(FLOOR(
        ieee_divide(
          SUM(`t5`.`failed` + `t5`.`interrupted`) OVER (
            PARTITION BY `t5`.`user_id`
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) * 1000000,
          SUM(`t5`.`runs`) OVER (
            PARTITION BY `t5`.`user_id`
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          )
        )
      ) AS INT64) AS `expected`
    FROM (
      SELECT
        `t4`.`user_id`,
        `t4`.`hour`,
        `t4`.`week`,
        COUNT(*) AS `runs`,
        SUM(IF(`t4`.`exit_status` > 0, 1, 0)) AS `failed`,
        SUM(IF(`t4`.`exit_status` < 0, 1, 0)) AS `interrupted`
      FROM (
        SELECT
          `t3`.`command`,
          `t3`.`user_id`,
          `t3`.`duration_ms`,
          `t3`.`exit_status`,
          `t3`.`start_s`,
          `t3`.`commit_s`,
          `t3`.`on_master`,
          `t3`.`is_test`,
          MOD(CAST(FLOOR(ieee_divide(`t3`.`start_s` + 259200, 3600)) AS INT64), 168) AS `hour`,
          CAST(FLOOR(ieee_divide(`t3`.`start_s` + 259200, 604800)) AS INT64) AS `week`
        FROM (
          SELECT
            `t2`.*
            EXCEPT (`is_run`)
          FROM (
            SELECT
              *
            FROM (
              SELECT
                COALESCE(
                  (
                    `t0`.`user_id` IS NOT NULL
                  )
                  AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                  AND (
                    `t0`.`exit_status` IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS `is_run`,
                `t0`.`command`,
                `t0`.`user_id`,
                IF(
                  COALESCE(
                    (
                      `t0`.`user_id` IS NOT NULL
                    )
                    AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                    AND (
                      `t0`.`exit_status` IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  `t0`.`duration_ms`,
                  0
                ) AS `duration_ms`,
                `t0`.`exit_status`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                `t0`.`git_checked_out_master` AS `on_master`,
                LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
              FROM `devstack_command_run` AS `t0`
              WHERE
                `t0`.`command` IS NOT NULL
                AND NOT (
                  LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                )
                AND `t0`.`git_checked_out_master`
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
            ) AS `t1`
            WHERE
              `t1`.`is_run`
          ) AS `t2`
        ) AS `t3`
      ) AS `t4`
      GROUP BY
        1,
        2,
        3
    ) AS `t5`
  ) AS `t6`
  GROUP BY
    1,
    2
) AS `t7`
ORDER BY
  `t7`.`hour` ASC NULLS LAST,
  `t7`.`week` ASC NULLS LAST;

-- timeline
SELECT
  *
FROM (
  SELECT
    `t6`.`week`,
    COUNT(*) AS `people`,
    SUM(`t6`.`runs`) AS `runs`,
    SUM(`t6`.`total_ms`) AS `total_ms`,
    SUM(`t6`.`failed`) AS `failed`,
    SUM(`t6`.`interrupted`) AS `interrupted`
  FROM (
    SELECT
      `t5`.`week`,
      `t5`.`user_id`,
      SUM(`t5`.`runs`) AS `runs`,
      SUM(`t5`.`total_ms`) AS `total_ms`,
      SUM(`t5`.`failed`) AS `failed`,
      SUM(`t5`.`interrupted`) AS `interrupted`
    FROM (
      SELECT
        `t4`.*
        EXCEPT (`is_run`)
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t2`.`command`,
            `t2`.`user_id`,
            `t2`.`week`,
            `t2`.`is_run`,
            COUNT(*) AS `runs`,
            SUM(IF(`t2`.`exit_status` > 0, 1, 0)) AS `failed`,
            SUM(IF(`t2`.`exit_status` < 0, 1, 0)) AS `interrupted`,
            SUM(IF(`t2`.`exit_status` = 0, 1, 0)) AS `succeeded`,
            SUM(`t2`.`logarithm`) AS `logarithms`,
            SUM(`t2`.`duration_ms`) AS `total_ms`,
            SUM(`t2`.`cut`) AS `cut`,
            MIN(`t2`.`start_s`) AS `first_s`,
            MAX(`t2`.`start_s`) AS `last_s`
          FROM (
            SELECT
              `t1`.`is_run`,
              `t1`.`command`,
              `t1`.`user_id`,
              LEAST(
                `t1`.`duration_ms`,
                CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
              ) AS `duration_ms`,
              `t1`.`exit_status`,
              `t1`.`start_s`,
              `t1`.`commit_s`,
              `t1`.`on_master`,
              `t1`.`is_test`,
              CAST(FLOOR(ieee_divide(`t1`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
              IF(
                `t1`.`duration_ms` > CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END,
                1,
                0
              ) AS `cut`,
              IF(
                `t1`.`exit_status` = 0,
                CAST(ROUND(
                  LN(
                    CAST(GREATEST(
                      LEAST(
                        `t1`.`duration_ms`,
                        CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
                      ),
                      1
                    ) AS FLOAT64)
                  ) * 1000,
                  0
                ) AS INT64),
                0
              ) AS `logarithm`
            FROM (
              SELECT
                COALESCE(
                  (
                    `t0`.`user_id` IS NOT NULL
                  )
                  AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                  AND (
                    `t0`.`exit_status` IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS `is_run`,
                `t0`.`command`,
                `t0`.`user_id`,
                IF(
                  COALESCE(
                    (
                      `t0`.`user_id` IS NOT NULL
                    )
                    AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                    AND (
                      `t0`.`exit_status` IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  `t0`.`duration_ms`,
                  0
                ) AS `duration_ms`,
                `t0`.`exit_status`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                `t0`.`git_checked_out_master` AS `on_master`,
                LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
              FROM `devstack_command_run` AS `t0`
              WHERE
                `t0`.`command` IS NOT NULL
                AND NOT (
                  LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                )
                AND `t0`.`git_checked_out_master`
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
            ) AS `t1`
          ) AS `t2`
          GROUP BY
            1,
            2,
            3,
            4
        ) AS `t3`
        WHERE
          `t3`.`is_run`
      ) AS `t4`
    ) AS `t5`
    GROUP BY
      1,
      2
  ) AS `t6`
  GROUP BY
    1
) AS `t7`
ORDER BY
  `t7`.`week` ASC NULLS LAST;

-- behind
WITH `t4` AS (
  SELECT
    *
  FROM (
    SELECT
      `t2`.*
      EXCEPT (`is_run`)
    FROM (
      SELECT
        *
      FROM (
        SELECT
          COALESCE(
            (
              `t0`.`user_id` IS NOT NULL
            )
            AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
            AND (
              `t0`.`exit_status` IS NOT NULL
            )
            AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
            FALSE
          ) AS `is_run`,
          `t0`.`command`,
          `t0`.`user_id`,
          IF(
            COALESCE(
              (
                `t0`.`user_id` IS NOT NULL
              )
              AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
              AND (
                `t0`.`exit_status` IS NOT NULL
              )
              AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ),
            `t0`.`duration_ms`,
            0
          ) AS `duration_ms`,
          `t0`.`exit_status`,
          CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
          CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
          `t0`.`git_checked_out_master` AS `on_master`,
          LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
        FROM `devstack_command_run` AS `t0`
        WHERE
          `t0`.`command` IS NOT NULL
          AND NOT (
            LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
          )
          AND `t0`.`git_checked_out_master`
          AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
      ) AS `t1`
      WHERE
        `t1`.`is_run`
    ) AS `t2`
  ) AS `t3`
  WHERE
    `t3`.`on_master` AND `t3`.`commit_s` <= (
      `t3`.`start_s` + 86400
    )
)
SELECT
  *
FROM (
  SELECT
    `t12`.`week`,
    COUNT(*) AS `people`,
    SUM(IF(`t12`.`behind_s` >= 86400, 1, 0)) AS `at_least_1`,
    SUM(IF(`t12`.`behind_s` >= 604800, 1, 0)) AS `at_least_7`,
    SUM(IF(`t12`.`behind_s` >= 2419200, 1, 0)) AS `at_least_28`
  FROM (
    SELECT
      `t11`.`week`,
      `t11`.`user_id`,
      CAST(FLOOR(ieee_divide(SUM(`t11`.`behind_s`), COUNT(*))) AS INT64) AS `behind_s`
    FROM (
      SELECT
        `t10`.`command`,
        `t10`.`user_id`,
        `t10`.`duration_ms`,
        `t10`.`exit_status`,
        `t10`.`start_s`,
        `t10`.`commit_s`,
        `t10`.`on_master`,
        `t10`.`is_test`,
        `t10`.`newer_seen_s`,
        CAST(FLOOR(ieee_divide(`t10`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
        IF(`t10`.`start_s` > `t10`.`newer_seen_s`, `t10`.`start_s` - `t10`.`newer_seen_s`, 0) AS `behind_s`
      FROM (
        SELECT
          `t6`.`command`,
          `t6`.`user_id`,
          `t6`.`duration_ms`,
          `t6`.`exit_status`,
          `t6`.`start_s`,
          `t6`.`commit_s`,
          `t6`.`on_master`,
          `t6`.`is_test`,
          `t9`.`newer_seen_s`
        FROM `t4` AS `t6`
        INNER JOIN (
          SELECT
            `t7`.`commit_s`,
            MIN(`t7`.`first_seen_s`) OVER (ORDER BY `t7`.`commit_s` DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 preceding) AS `newer_seen_s`
          FROM (
            SELECT
              `t5`.`commit_s`,
              MIN(`t5`.`start_s`) AS `first_seen_s`
            FROM `t4` AS `t5`
            GROUP BY
              1
          ) AS `t7`
        ) AS `t9`
          ON `t6`.`commit_s` = `t9`.`commit_s`
      ) AS `t10`
    ) AS `t11`
    GROUP BY
      1,
      2
  ) AS `t12`
  GROUP BY
    1
) AS `t13`
ORDER BY
  `t13`.`week` ASC NULLS LAST;

-- weekly
SELECT
  CAST(CASE
    WHEN `t11`.`command` = 'dev.down'
    THEN 0
    WHEN `t11`.`command` = 'dev.provision'
    THEN 1
    ELSE NULL
  END AS INT64) AS `command`,
  `t11`.`week`,
  `t11`.`runs`,
  `t11`.`failed`,
  `t11`.`interrupted`,
  `t11`.`succeeded`,
  `t11`.`logarithms`,
  `t11`.`total_ms`,
  `t11`.`cut`,
  `t11`.`first_s`,
  `t11`.`last_s`,
  `t11`.`person`
FROM (
  SELECT
    `t10`.*
    EXCEPT (`user_id`)
  FROM (
    SELECT
      `t6`.`command`,
      `t6`.`user_id`,
      `t6`.`week`,
      `t6`.`runs`,
      `t6`.`failed`,
      `t6`.`interrupted`,
      `t6`.`succeeded`,
      `t6`.`logarithms`,
      `t6`.`total_ms`,
      `t6`.`cut`,
      `t6`.`first_s`,
      `t6`.`last_s`,
      `t9`.`person`
    FROM (
      SELECT
        `t4`.*
        EXCEPT (`is_run`)
      FROM (
        SELECT
          *
        FROM (
          SELECT
            `t2`.`command`,
            `t2`.`user_id`,
            `t2`.`week`,
            `t2`.`is_run`,
            COUNT(*) AS `runs`,
            SUM(IF(`t2`.`exit_status` > 0, 1, 0)) AS `failed`,
            SUM(IF(`t2`.`exit_status` < 0, 1, 0)) AS `interrupted`,
            SUM(IF(`t2`.`exit_status` = 0, 1, 0)) AS `succeeded`,
            SUM(`t2`.`logarithm`) AS `logarithms`,
            SUM(`t2`.`duration_ms`) AS `total_ms`,
            SUM(`t2`.`cut`) AS `cut`,
            MIN(`t2`.`start_s`) AS `first_s`,
            MAX(`t2`.`start_s`) AS `last_s`
          FROM (
            SELECT
              `t1`.`is_run`,
              `t1`.`command`,
              `t1`.`user_id`,
              LEAST(
                `t1`.`duration_ms`,
                CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
              ) AS `duration_ms`,
              `t1`.`exit_status`,
              `t1`.`start_s`,
              `t1`.`commit_s`,
              `t1`.`on_master`,
              `t1`.`is_test`,
              CAST(FLOOR(ieee_divide(`t1`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
              IF(
                `t1`.`duration_ms` > CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END,
                1,
                0
              ) AS `cut`,
              IF(
                `t1`.`exit_status` = 0,
                CAST(ROUND(
                  LN(
                    CAST(GREATEST(
                      LEAST(
                        `t1`.`duration_ms`,
                        CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
                      ),
                      1
                    ) AS FLOAT64)
                  ) * 1000,
                  0
                ) AS INT64),
                0
              ) AS `logarithm`
            FROM (
              SELECT
                COALESCE(
                  (
                    `t0`.`user_id` IS NOT NULL
                  )
                  AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                  AND (
                    `t0`.`exit_status` IS NOT NULL
                  )
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                  FALSE
                ) AS `is_run`,
                `t0`.`command`,
                `t0`.`user_id`,
                IF(
                  COALESCE(
                    (
                      `t0`.`user_id` IS NOT NULL
                    )
                    AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                    AND (
                      `t0`.`exit_status` IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ),
                  `t0`.`duration_ms`,
                  0
                ) AS `duration_ms`,
                `t0`.`exit_status`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                `t0`.`git_checked_out_master` AS `on_master`,
                LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
              FROM `devstack_command_run` AS `t0`
              WHERE
                `t0`.`command` IS NOT NULL
                AND NOT (
                  LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                )
                AND `t0`.`git_checked_out_master`
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
            ) AS `t1`
          ) AS `t2`
          GROUP BY
            1,
            2,
            3,
            4
        ) AS `t3`
        WHERE
          `t3`.`is_run`
      ) AS `t4`
    ) AS `t6`
    INNER JOIN (
      SELECT
        `t7`.`user_id`,
        ROW_NUMBER() OVER (ORDER BY `t7`.`user_id` ASC) - 1 AS `person`
      FROM (
        SELECT DISTINCT
          `t5`.`user_id`
        FROM (
          SELECT
            `t4`.*
            EXCEPT (`is_run`)
          FROM (
            SELECT
              *
            FROM (
              SELECT
                `t2`.`command`,
                `t2`.`user_id`,
                `t2`.`week`,
                `t2`.`is_run`,
                COUNT(*) AS `runs`,
                SUM(IF(`t2`.`exit_status` > 0, 1, 0)) AS `failed`,
                SUM(IF(`t2`.`exit_status` < 0, 1, 0)) AS `interrupted`,
                SUM(IF(`t2`.`exit_status` = 0, 1, 0)) AS `succeeded`,
                SUM(`t2`.`logarithm`) AS `logarithms`,
                SUM(`t2`.`duration_ms`) AS `total_ms`,
                SUM(`t2`.`cut`) AS `cut`,
                MIN(`t2`.`start_s`) AS `first_s`,
                MAX(`t2`.`start_s`) AS `last_s`
              FROM (
                SELECT
                  `t1`.`is_run`,
                  `t1`.`command`,
                  `t1`.`user_id`,
                  LEAST(
                    `t1`.`duration_ms`,
                    CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
                  ) AS `duration_ms`,
                  `t1`.`exit_status`,
                  `t1`.`start_s`,
                  `t1`.`commit_s`,
                  `t1`.`on_master`,
                  `t1`.`is_test`,
                  CAST(FLOOR(ieee_divide(`t1`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
                  IF(
                    `t1`.`duration_ms` > CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END,
                    1,
                    0
                  ) AS `cut`,
                  IF(
                    `t1`.`exit_status` = 0,
                    CAST(ROUND(
                      LN(
                        CAST(GREATEST(
                          LEAST(
                            `t1`.`duration_ms`,
                            CASE WHEN `t1`.`command` = 'dev.provision' THEN 3600000 ELSE `t1`.`duration_ms` END
                          ),
                          1
                        ) AS FLOAT64)
                      ) * 1000,
                      0
                    ) AS INT64),
                    0
                  ) AS `logarithm`
                FROM (
                  SELECT
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ) AS `is_run`,
                    `t0`.`command`,
                    `t0`.`user_id`,
                    IF(
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ),
                      `t0`.`duration_ms`,
                      0
                    ) AS `duration_ms`,
                    `t0`.`exit_status`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                    `t0`.`git_checked_out_master` AS `on_master`,
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                  FROM `devstack_command_run` AS `t0`
                  WHERE
                    `t0`.`command` IS NOT NULL
                    AND NOT (
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                    )
                    AND `t0`.`git_checked_out_master`
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                ) AS `t1`
              ) AS `t2`
              GROUP BY
                1,
                2,
                3,
                4
            ) AS `t3`
            WHERE
              `t3`.`is_run`
          ) AS `t4`
        ) AS `t5`
      ) AS `t7`
    ) AS `t9`
      ON `t6`.`user_id` = `t9`.`user_id`
  ) AS `t10`
) AS `t11`
WHERE
  `t11`.`command` IN ('dev.down', 'dev.provision');

-- commits
WITH `t5` AS (
  SELECT
    `t4`.`command`,
    `t4`.`user_id`,
    `t4`.`week`,
    `t4`.`day`,
    COUNT(*) AS `runs`,
    SUM(IF(`t4`.`exit_status` > 0, 1, 0)) AS `failed`,
    SUM(IF(`t4`.`exit_status` < 0, 1, 0)) AS `interrupted`,
    SUM(IF(`t4`.`exit_status` = 0, 1, 0)) AS `succeeded`,
    SUM(`t4`.`logarithm`) AS `logarithms`,
    SUM(`t4`.`duration_ms`) AS `total_ms`
  FROM (
    SELECT
      `t3`.`command`,
      `t3`.`user_id`,
      `t3`.`duration_ms`,
      `t3`.`exit_status`,
      `t3`.`start_s`,
      `t3`.`commit_s`,
      `t3`.`on_master`,
      `t3`.`is_test`,
      CAST(FLOOR(ieee_divide(`t3`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
      CAST(FLOOR(ieee_divide(`t3`.`commit_s`, 86400)) AS INT64) AS `day`,
      IF(
        `t3`.`exit_status` = 0,
        CAST(ROUND(LN(CAST(GREATEST(`t3`.`duration_ms`, 1) AS FLOAT64)) * 1000, 0) AS INT64),
        0
      ) AS `logarithm`
    FROM (
      SELECT
        `t2`.*
        EXCEPT (`is_run`)
      FROM (
        SELECT
          *
        FROM (
          SELECT
            COALESCE(
              (
                `t0`.`user_id` IS NOT NULL
              )
              AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
              AND (
                `t0`.`exit_status` IS NOT NULL
              )
              AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ) AS `is_run`,
            `t0`.`command`,
            `t0`.`user_id`,
            IF(
              COALESCE(
                (
                  `t0`.`user_id` IS NOT NULL
                )
                AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                AND (
                  `t0`.`exit_status` IS NOT NULL
                )
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ),
              `t0`.`duration_ms`,
              0
            ) AS `duration_ms`,
            `t0`.`exit_status`,
            CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
            CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
            `t0`.`git_checked_out_master` AS `on_master`,
            LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
          FROM `devstack_command_run` AS `t0`
          WHERE
            `t0`.`command` IS NOT NULL
            AND NOT (
              LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
            )
            AND `t0`.`git_checked_out_master`
            AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
        ) AS `t1`
        WHERE
          `t1`.`is_run`
      ) AS `t2`
    ) AS `t3`
    WHERE
      `t3`.`command` IN ('dev.provision')
      AND `t3`.`on_master`
      AND `t3`.`commit_s` IS NOT NULL
  ) AS `t4`
  GROUP BY
    1,
    2,
    3,
    4
)
SELECT
  `t11`.*
  EXCEPT (`user_id`)
FROM (
  SELECT
    `t7`.`command`,
    `t7`.`user_id`,
    `t7`.`week`,
    `t7`.`day`,
    `t7`.`runs`,
    `t7`.`failed`,
    `t7`.`interrupted`,
    `t7`.`succeeded`,
    `t7`.`logarithms`,
    `t7`.`total_ms`,
    `t10`.`person`
  FROM `t5` AS `t7`
  INNER JOIN (
    SELECT
      `t8`.`user_id`,
      ROW_NUMBER() OVER (ORDER BY `t8`.`user_id` ASC) - 1 AS `person`
    FROM (
      SELECT DISTINCT
        `t6`.`user_id`
      FROM `t5` AS `t6`
    ) AS `t8`
  ) AS `t10`
    ON `t7`.`user_id` = `t10`.`user_id`
) AS `t11`;

-- debugging
WITH `t12` AS (
  SELECT
    `t11`.`command`,
    `t11`.`duration_ms`,
    `t11`.`exit_status`,
    `t11`.`start_s`,
    `t11`.`commit_s`,
    `t11`.`on_master`,
    `t11`.`is_test`,
    `t11`.`person`,
    `t11`.`place`,
    `t11`.`pause_s`,
    `t11`.`before`,
    SUM(
      IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 1800
      ), 1, 0) + IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 3600
      ), 1048576, 0) + IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 7200
      ), 1099511627776, 0)
    ) OVER (
      PARTITION BY `t11`.`person`
      ORDER BY `t11`.`place` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `pauses`
  FROM (
    SELECT
      `t10`.`command`,
      `t10`.`duration_ms`,
      `t10`.`exit_status`,
      `t10`.`start_s`,
      `t10`.`commit_s`,
      `t10`.`on_master`,
      `t10`.`is_test`,
      `t10`.`person`,
      ROW_NUMBER() OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) - 1 AS `place`,
      `t10`.`start_s` - LAG(`t10`.`start_s` + CAST(FLOOR(ieee_divide(`t10`.`duration_ms`, 1000)) AS INT64), 1) OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) AS `pause_s`,
      LAG(`t10`.`command`, 1) OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) AS `before`
    FROM (
      SELECT
        `t9`.*
        EXCEPT (`user_id`)
      FROM (
        SELECT
          `t6`.`command`,
          `t6`.`user_id`,
          `t6`.`duration_ms`,
          `t6`.`exit_status`,
          `t6`.`start_s`,
          `t6`.`commit_s`,
          `t6`.`on_master`,
          `t6`.`is_test`,
          `t8`.`person`
        FROM (
          SELECT
            CAST(CASE
              WHEN `t3`.`command` = 'dev.up.lms'
              THEN 0
              WHEN `t3`.`command` = 'dev.down'
              THEN 1
              WHEN `t3`.`command` = 'dev.provision'
              THEN 2
              ELSE NULL
            END AS INT64) AS `command`,
            `t3`.`user_id`,
            LEAST(
              `t3`.`duration_ms`,
              CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
            ) AS `duration_ms`,
            `t3`.`exit_status`,
            `t3`.`start_s`,
            `t3`.`commit_s`,
            `t3`.`on_master`,
            `t3`.`is_test`
          FROM (
            SELECT
              `t2`.*
              EXCEPT (`is_run`)
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  COALESCE(
                    (
                      `t0`.`user_id` IS NOT NULL
                    )
                    AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                    AND (
                      `t0`.`exit_status` IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ) AS `is_run`,
                  `t0`.`command`,
                  `t0`.`user_id`,
                  IF(
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ),
                    `t0`.`duration_ms`,
                    0
                  ) AS `duration_ms`,
                  `t0`.`exit_status`,
                  CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                  CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                  `t0`.`git_checked_out_master` AS `on_master`,
                  LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                FROM `devstack_command_run` AS `t0`
                WHERE
                  `t0`.`command` IS NOT NULL
                  AND NOT (
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                  )
                  AND `t0`.`git_checked_out_master`
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
              ) AS `t1`
              WHERE
                `t1`.`is_run`
            ) AS `t2`
          ) AS `t3`
        ) AS `t6`
        INNER JOIN (
          SELECT
            `t4`.`user_id`,
            ROW_NUMBER() OVER (ORDER BY `t4`.`user_id` ASC) - 1 AS `person`
          FROM (
            SELECT DISTINCT
              `t3`.`user_id`
            FROM (
              SELECT
                `t2`.*
                EXCEPT (`is_run`)
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ) AS `is_run`,
                    `t0`.`command`,
                    `t0`.`user_id`,
                    IF(
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ),
                      `t0`.`duration_ms`,
                      0
                    ) AS `duration_ms`,
                    `t0`.`exit_status`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                    `t0`.`git_checked_out_master` AS `on_master`,
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                  FROM `devstack_command_run` AS `t0`
                  WHERE
                    `t0`.`command` IS NOT NULL
                    AND NOT (
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                    )
                    AND `t0`.`git_checked_out_master`
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                ) AS `t1`
                WHERE
                  `t1`.`is_run`
              ) AS `t2`
            ) AS `t3`
          ) AS `t4`
        ) AS `t8`
          ON `t6`.`user_id` = `t8`.`user_id`
      ) AS `t9`
    ) AS `t10`
  ) AS `t11`
)
SELECT
  `t23`.`command`,
  COUNT(*) AS `people`,
  SUM(`t23`.`total_ms`) AS `total_ms`
FROM (
  SELECT
    `t22`.`command`,
    `t22`.`person`,
    SUM(`t22`.`duration_ms`) AS `total_ms`
  FROM (
    SELECT
      `t21`.`person`,
      `t21`.`command`,
      `t21`.`tries`,
      CAST(FLOOR(ieee_divide(`t21`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
      `t21`.`end_ms` - (
        `t21`.`start_s` * 1000
      ) AS `duration_ms`,
      `t21`.`tries` - `t21`.`bad` AS `solved`
    FROM (
      SELECT
        `t20`.`person`,
        `t20`.`command`,
        `t20`.`session_3600`,
        MIN(`t20`.`start_s`) AS `start_s`,
        MAX((
          `t20`.`start_s` * 1000
        ) + `t20`.`duration_ms`) AS `end_ms`,
        COUNT(*) AS `tries`,
        SUM(`t20`.`bad`) AS `bad`
      FROM (
        SELECT
          `t19`.`person`,
          `t19`.`command`,
          `t19`.`start_s`,
          `t19`.`duration_ms`,
          `t19`.`bad`,
          SUM(
            IF(
              (
                `t19`.`number` > 0
              )
              AND (
                `t19`.`after` = 1
              )
              AND (
                `t19`.`last_1800` = `t19`.`stretch_1800`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t19`.`person`, `t19`.`command`
            ORDER BY `t19`.`start_s` ASC, `t19`.`duration_ms` ASC, `t19`.`exit_status` ASC, `t19`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_1800`,
          SUM(
            IF(
              (
                `t19`.`number` > 0
              )
              AND (
                `t19`.`after` = 1
              )
              AND (
                `t19`.`last_3600` = `t19`.`stretch_3600`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t19`.`person`, `t19`.`command`
            ORDER BY `t19`.`start_s` ASC, `t19`.`duration_ms` ASC, `t19`.`exit_status` ASC, `t19`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_3600`,
          SUM(
            IF(
              (
                `t19`.`number` > 0
              )
              AND (
                `t19`.`after` = 1
              )
              AND (
                `t19`.`last_7200` = `t19`.`stretch_7200`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t19`.`person`, `t19`.`command`
            ORDER BY `t19`.`start_s` ASC, `t19`.`duration_ms` ASC, `t19`.`exit_status` ASC, `t19`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_7200`
        FROM (
          SELECT
            `t18`.`command`,
            `t18`.`duration_ms`,
            `t18`.`exit_status`,
            `t18`.`start_s`,
            `t18`.`commit_s`,
            `t18`.`on_master`,
            `t18`.`is_test`,
            `t18`.`person`,
            `t18`.`place`,
            `t18`.`before`,
            `t18`.`stretch_1800`,
            `t18`.`stretch_3600`,
            `t18`.`stretch_7200`,
            `t18`.`bad`,
            ROW_NUMBER() OVER (
              PARTITION BY `t18`.`person`, `t18`.`command`
              ORDER BY `t18`.`start_s` ASC, `t18`.`duration_ms` ASC, `t18`.`exit_status` ASC, `t18`.`command` ASC
            ) - 1 AS `number`,
            LAG(`t18`.`bad`, 1) OVER (
              PARTITION BY `t18`.`person`, `t18`.`command`
              ORDER BY `t18`.`start_s` ASC, `t18`.`duration_ms` ASC, `t18`.`exit_status` ASC, `t18`.`command` ASC
            ) AS `after`,
            LAG(`t18`.`stretch_1800`, 1) OVER (
              PARTITION BY `t18`.`person`, `t18`.`command`
              ORDER BY `t18`.`start_s` ASC, `t18`.`duration_ms` ASC, `t18`.`exit_status` ASC, `t18`.`command` ASC
            ) AS `last_1800`,
            LAG(`t18`.`stretch_3600`, 1) OVER (
              PARTITION BY `t18`.`person`, `t18`.`command`
              ORDER BY `t18`.`start_s` ASC, `t18`.`duration_ms` ASC, `t18`.`exit_status` ASC, `t18`.`command` ASC
            ) AS `last_3600`,
            LAG(`t18`.`stretch_7200`, 1) OVER (
              PARTITION BY `t18`.`person`, `t18`.`command`
              ORDER BY `t18`.`start_s` ASC, `t18`.`duration_ms` ASC, `t18`.`exit_status` ASC, `t18`.`command` ASC
            ) AS `last_7200`
          FROM (
            SELECT
              `t17`.`command`,
              `t17`.`duration_ms`,
              `t17`.`exit_status`,
              `t17`.`start_s`,
              `t17`.`commit_s`,
              `t17`.`on_master`,
              `t17`.`is_test`,
              `t17`.`person`,
              `t17`.`place`,
              `t17`.`before`,
              `t17`.`stretch_1800`,
              `t17`.`stretch_3600`,
              `t17`.`stretch_7200`,
              `t17`.`bad`
            FROM (
              SELECT
                `t13`.`command`,
                `t13`.`duration_ms`,
                `t13`.`exit_status`,
                `t13`.`start_s`,
                `t13`.`commit_s`,
                `t13`.`on_master`,
                `t13`.`is_test`,
                `t13`.`person`,
                `t13`.`place`,
                IF((
                  `t13`.`place` > 0
                ) AND (
                  `t13`.`pause_s` <= 3600
                ), `t13`.`before`, -1) AS `before`,
                MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
                MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
                MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`,
                IF(`t13`.`exit_status` <> 0, 1, 0) AS `bad`
              FROM `t12` AS `t13`
              WHERE
                `t13`.`command` IN (1, 2)
            ) AS `t17`
            INNER JOIN (
              SELECT DISTINCT
                `t13`.`person`,
                `t13`.`command`,
                MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
              FROM `t12` AS `t13`
              WHERE
                `t13`.`command` IN (1, 2) AND IF(`t13`.`exit_status` <> 0, 1, 0) = 1
            ) AS `t16`
              ON `t17`.`person` = `t16`.`person`
              AND `t17`.`command` = `t16`.`command`
              AND `t17`.`stretch_7200` = `t16`.`stretch_7200`
          ) AS `t18`
        ) AS `t19`
      ) AS `t20`
      GROUP BY
        1,
        2,
        3
    ) AS `t21`
    WHERE
      `t21`.`bad` > 0
  ) AS `t22`
  GROUP BY
    1,
    2
) AS `t23`
GROUP BY
  1;

-- debugging_by_person
WITH `t1` AS (
  SELECT
    COALESCE(
      (
        `t0`.`user_id` IS NOT NULL
      )
      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
      AND (
        `t0`.`exit_status` IS NOT NULL
      )
      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
      FALSE
    ) AS `is_run`,
    `t0`.`command`,
    `t0`.`user_id`,
    IF(
      COALESCE(
        (
          `t0`.`user_id` IS NOT NULL
        )
        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
        AND (
          `t0`.`exit_status` IS NOT NULL
        )
        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
        FALSE
      ),
      `t0`.`duration_ms`,
      0
    ) AS `duration_ms`,
    `t0`.`exit_status`,
    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
    `t0`.`git_checked_out_master` AS `on_master`,
    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
  FROM `devstack_command_run` AS `t0`
  WHERE
    `t0`.`command` IS NOT NULL
    AND NOT (
      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
    )
    AND `t0`.`git_checked_out_master`
    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
), `t23` AS (
  SELECT
    `t18`.`command`,
    `t18`.`duration_ms`,
    `t18`.`exit_status`,
    `t18`.`start_s`,
    `t18`.`commit_s`,
    `t18`.`on_master`,
    `t18`.`is_test`,
    `t18`.`person`,
    `t18`.`place`,
    `t18`.`pause_s`,
    `t18`.`before`,
    SUM(
      IF((
        `t18`.`place` > 0
      ) AND (
        `t18`.`pause_s` > 1800
      ), 1, 0) + IF((
        `t18`.`place` > 0
      ) AND (
        `t18`.`pause_s` > 3600
      ), 1048576, 0) + IF((
        `t18`.`place` > 0
      ) AND (
        `t18`.`pause_s` > 7200
      ), 1099511627776, 0)
    ) OVER (
      PARTITION BY `t18`.`person`
      ORDER BY `t18`.`place` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `pauses`
  FROM (
    SELECT
      `t13`.`command`,
      `t13`.`duration_ms`,
      `t13`.`exit_status`,
      `t13`.`start_s`,
      `t13`.`commit_s`,
      `t13`.`on_master`,
      `t13`.`is_test`,
      `t13`.`person`,
      ROW_NUMBER() OVER (
        PARTITION BY `t13`.`person`
        ORDER BY `t13`.`start_s` ASC, `t13`.`duration_ms` ASC, `t13`.`exit_status` ASC, `t13`.`command` ASC
      ) - 1 AS `place`,
      `t13`.`start_s` - LAG(`t13`.`start_s` + CAST(FLOOR(ieee_divide(`t13`.`duration_ms`, 1000)) AS INT64), 1) OVER (
        PARTITION BY `t13`.`person`
        ORDER BY `t13`.`start_s` ASC, `t13`.`duration_ms` ASC, `t13`.`exit_status` ASC, `t13`.`command` ASC
      ) AS `pause_s`,
      LAG(`t13`.`command`, 1) OVER (
        PARTITION BY `t13`.`person`
        ORDER BY `t13`.`start_s` ASC, `t13`.`duration_ms` ASC, `t13`.`exit_status` ASC, `t13`.`command` ASC
      ) AS `before`
    FROM (
      SELECT
        `t11`.*
        EXCEPT (`user_id`)
      FROM (
        SELECT
          `t7`.`command`,
          `t7`.`user_id`,
          `t7`.`duration_ms`,
          `t7`.`exit_status`,
          `t7`.`start_s`,
          `t7`.`commit_s`,
          `t7`.`on_master`,
          `t7`.`is_test`,
          `t10`.`person`
        FROM (
          SELECT
            CAST(CASE
              WHEN `t4`.`command` = 'dev.up.lms'
              THEN 0
              WHEN `t4`.`command` = 'dev.down'
              THEN 1
              WHEN `t4`.`command` = 'dev.provision'
              THEN 2
              ELSE NULL
            END AS INT64) AS `command`,
            `t4`.`user_id`,
            LEAST(
              `t4`.`duration_ms`,
              CASE WHEN `t4`.`command` = 'dev.provision' THEN 3600000 ELSE `t4`.`duration_ms` END
            ) AS `duration_ms`,
            `t4`.`exit_status`,
            `t4`.`start_s`,
            `t4`.`commit_s`,
            `t4`.`on_master`,
            `t4`.`is_test`
          FROM (
            SELECT
              `t3`.*
              EXCEPT (`is_run`)
            FROM (
              SELECT
                *
              FROM `t1` AS `t2`
              WHERE
                `t2`.`is_run`
            ) AS `t3`
          ) AS `t4`
        ) AS `t7`
        INNER JOIN (
          SELECT
            `t5`.`user_id`,
            ROW_NUMBER() OVER (ORDER BY `t5`.`user_id` ASC) - 1 AS `person`
          FROM (
            SELECT DISTINCT
              `t4`.`user_id`
            FROM (
              SELECT
                `t3`.*
                EXCEPT (`is_run`)
              FROM (
                SELECT
                  *
                FROM `t1` AS `t2`
                WHERE
                  `t2`.`is_run`
              ) AS `t3`
            ) AS `t4`
          ) AS `t5`
        ) AS `t10`
          ON `t7`.`user_id` = `t10`.`user_id`
      ) AS `t11`
    ) AS `t13`
  ) AS `t18`
)
SELECT
  `t31`.`unit`,
  `t31`.`weeks`,
  COALESCE(`t38`.`command`, -1) AS `command`,
  COALESCE(`t38`.`sessions`, 0) AS `sessions`,
  COALESCE(`t38`.`solved`, 0) AS `solved`,
  COALESCE(`t38`.`tries`, 0) AS `tries`,
  COALESCE(`t38`.`total_ms`, 0) AS `total_ms`
FROM (
  SELECT
    `t25`.`person`,
    `t25`.`weeks`,
    ROW_NUMBER() OVER (ORDER BY `t25`.`person` ASC) - 1 AS `unit`
  FROM (
    SELECT
      `t22`.`person`,
      COUNT(*) AS `weeks`
    FROM (
      SELECT
        `t21`.*
        EXCEPT (`user_id`)
      FROM (
        SELECT
          `t16`.`command`,
          `t16`.`user_id`,
          `t16`.`week`,
          `t16`.`runs`,
          `t16`.`failed`,
          `t16`.`interrupted`,
          `t16`.`succeeded`,
          `t16`.`logarithms`,
          `t16`.`total_ms`,
          `t16`.`cut`,
          `t16`.`first_s`,
          `t16`.`last_s`,
          `t20`.`person`
        FROM (
          SELECT
            `t14`.*
            EXCEPT (`is_run`)
          FROM (
            SELECT
              *
            FROM (
              SELECT
                `t9`.`command`,
                `t9`.`user_id`,
                `t9`.`week`,
                `t9`.`is_run`,
                COUNT(*) AS `runs`,
                SUM(IF(`t9`.`exit_status` > 0, 1, 0)) AS `failed`,
                SUM(IF(`t9`.`exit_status` < 0, 1, 0)) AS `interrupted`,
                SUM(IF(`t9`.`exit_status` = 0, 1, 0)) AS `succeeded`,
                SUM(`t9`.`logarithm`) AS `logarithms`,
                SUM(`t9`.`duration_ms`) AS `total_ms`,
                SUM(`t9`.`cut`) AS `cut`,
                MIN(`t9`.`start_s`) AS `first_s`,
                MAX(`t9`.`start_s`) AS `last_s`
              FROM (
                SELECT
                  `t2`.`is_run`,
                  `t2`.`command`,
                  `t2`.`user_id`,
                  LEAST(
                    `t2`.`duration_ms`,
                    CASE WHEN `t2`.`command` = 'dev.provision' THEN 3600000 ELSE `t2`.`duration_ms` END
                  ) AS `duration_ms`,
                  `t2`.`exit_status`,
                  `t2`.`start_s`,
                  `t2`.`commit_s`,
                  `t2`.`on_master`,
                  `t2`.`is_test`,
                  CAST(FLOOR(ieee_divide(`t2`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
                  IF(
                    `t2`.`duration_ms` > CASE WHEN `t2`.`command` = 'dev.provision' THEN 3600000 ELSE `t2`.`duration_ms` END,
                    1,
                    0
                  ) AS `cut`,
                  IF(
                    `t2`.`exit_status` = 0,
                    CAST(ROUND(
                      LN(
                        CAST(GREATEST(
                          LEAST(
                            `t2`.`duration_ms`,
                            CASE WHEN `t2`.`command` = 'dev.provision' THEN 3600000 ELSE `t2`.`duration_ms` END
                          ),
                          1
                        ) AS FLOAT64)
                      ) * 1000,
                      0
                    ) AS INT64),
                    0
                  ) AS `logarithm`
                FROM `t1` AS `t2`
              ) AS `t9`
              GROUP BY
                1,
                2,
                3,
                4
            ) AS `t12`
            WHERE
              `t12`.`is_run`
          ) AS `t14`
        ) AS `t16`
        INNER JOIN (
          SELECT
            `t17`.`user_id`,
            ROW_NUMBER() OVER (ORDER BY `t17`.`user_id` ASC) - 1 AS `person`
          FROM (
            SELECT DISTINCT
              `t15`.`user_id`
            FROM (
              SELECT
                `t14`.*
                EXCEPT (`is_run`)
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    `t9`.`command`,
                    `t9`.`user_id`,
                    `t9`.`week`,
                    `t9`.`is_run`,
                    COUNT(*) AS `runs`,
                    SUM(IF(`t9`.`exit_status` > 0, 1, 0)) AS `failed`,
                    SUM(IF(`t9`.`exit_status` < 0, 1, 0)) AS `interrupted`,
                    SUM(IF(`t9`.`exit_status` = 0, 1, 0)) AS `succeeded`,
                    SUM(`t9`.`logarithm`) AS `logarithms`,
                    SUM(`t9`.`duration_ms`) AS `total_ms`,
                    SUM(`t9`.`cut`) AS `cut`,
                    MIN(`t9`.`start_s`) AS `first_s`,
                    MAX(`t9`.`start_s`) AS `last_s`
                  FROM (
                    SELECT
                      `t2`.`is_run`,
                      `t2`.`command`,
                      `t2`.`user_id`,
                      LEAST(
                        `t2`.`duration_ms`,
                        CASE WHEN `t2`.`command` = 'dev.provision' THEN 3600000 ELSE `t2`.`duration_ms` END
                      ) AS `duration_ms`,
                      `t2`.`exit_status`,
                      `t2`.`start_s`,
                      `t2`.`commit_s`,
                      `t2`.`on_master`,
                      `t2`.`is_test`,
                      CAST(FLOOR(ieee_divide(`t2`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
                      IF(
                        `t2`.`duration_ms` > CASE WHEN `t2`.`command` = 'dev.provision' THEN 3600000 ELSE `t2`.`duration_ms` END,
                        1,
                        0
                      ) AS `cut`,
                      IF(
                        `t2`.`exit_status` = 0,
                        CAST(ROUND(
                          LN(
                            CAST(GREATEST(
                              LEAST(
                                `t2`.`duration_ms`,
                                CASE WHEN `t2`.`command` = 'dev.provision' THEN 3600000 ELSE `t2`.`duration_ms` END
                              ),
                              1
                            ) AS FLOAT64)
                          ) * 1000,
                          0
                        ) AS INT64),
                        0
                      ) AS `logarithm`
                    FROM `t1` AS `t2`
                  ) AS `t9`
                  GROUP BY
                    1,
                    2,
                    3,
                    4
                ) AS `t12`
                WHERE
                  `t12`.`is_run`
              ) AS `t14`
            ) AS `t15`
          ) AS `t17`
        ) AS `t20`
          ON `t16`.`user_id` = `t20`.`user_id`
      ) AS `t21`
    ) AS `t22`
    GROUP BY
      1
  ) AS `t25`
) AS `t31`
LEFT OUTER JOIN (
  SELECT
    `t36`.`person`,
    `t36`.`command`,
    COUNT(*) AS `sessions`,
    SUM(`t36`.`solved`) AS `solved`,
    SUM(`t36`.`tries` * `t36`.`solved`) AS `tries`,
    SUM(`t36`.`duration_ms`) AS `total_ms`
  FROM (
    SELECT
      `t35`.`person`,
      `t35`.`command`,
      `t35`.`tries`,
      CAST(FLOOR(ieee_divide(`t35`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
      `t35`.`end_ms` - (
        `t35`.`start_s` * 1000
      ) AS `duration_ms`,
      `t35`.`tries` - `t35`.`bad` AS `solved`
    FROM (
      SELECT
        `t34`.`person`,
        `t34`.`command`,
        `t34`.`session_3600`,
        MIN(`t34`.`start_s`) AS `start_s`,
        MAX((
          `t34`.`start_s` * 1000
        ) + `t34`.`duration_ms`) AS `end_ms`,
        COUNT(*) AS `tries`,
        SUM(`t34`.`bad`) AS `bad`
      FROM (
        SELECT
          `t33`.`person`,
          `t33`.`command`,
          `t33`.`start_s`,
          `t33`.`duration_ms`,
          `t33`.`bad`,
          SUM(
            IF(
              (
                `t33`.`number` > 0
              )
              AND (
                `t33`.`after` = 1
              )
              AND (
                `t33`.`last_1800` = `t33`.`stretch_1800`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t33`.`person`, `t33`.`command`
            ORDER BY `t33`.`start_s` ASC, `t33`.`duration_ms` ASC, `t33`.`exit_status` ASC, `t33`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_1800`,
          SUM(
            IF(
              (
                `t33`.`number` > 0
              )
              AND (
                `t33`.`after` = 1
              )
              AND (
                `t33`.`last_3600` = `t33`.`stretch_3600`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t33`.`person`, `t33`.`command`
            ORDER BY `t33`.`start_s` ASC, `t33`.`duration_ms` ASC, `t33`.`exit_status` ASC, `t33`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_3600`,
          SUM(
            IF(
              (
                `t33`.`number` > 0
              )
              AND (
                `t33`.`after` = 1
              )
              AND (
                `t33`.`last_7200` = `t33`.`stretch_7200`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t33`.`person`, `t33`.`command`
            ORDER BY `t33`.`start_s` ASC, `t33`.`duration_ms` ASC, `t33`.`exit_status` ASC, `t33`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_7200`
        FROM (
          SELECT
            `t32`.`command`,
            `t32`.`duration_ms`,
            `t32`.`exit_status`,
            `t32`.`start_s`,
            `t32`.`commit_s`,
            `t32`.`on_master`,
            `t32`.`is_test`,
            `t32`.`person`,
            `t32`.`place`,
            `t32`.`before`,
            `t32`.`stretch_1800`,
            `t32`.`stretch_3600`,
            `t32`.`stretch_7200`,
            `t32`.`bad`,
            ROW_NUMBER() OVER (
              PARTITION BY `t32`.`person`, `t32`.`command`
              ORDER BY `t32`.`start_s` ASC, `t32`.`duration_ms` ASC, `t32`.`exit_status` ASC, `t32`.`command` ASC
            ) - 1 AS `number`,
            LAG(`t32`.`bad`, 1) OVER (
              PARTITION BY `t32`.`person`, `t32`.`command`
              ORDER BY `t32`.`start_s` ASC, `t32`.`duration_ms` ASC, `t32`.`exit_status` ASC, `t32`.`command` ASC
            ) AS `after`,
            LAG(`t32`.`stretch_1800`, 1) OVER (
              PARTITION BY `t32`.`person`, `t32`.`command`
              ORDER BY `t32`.`start_s` ASC, `t32`.`duration_ms` ASC, `t32`.`exit_status` ASC, `t32`.`command` ASC
            ) AS `last_1800`,
            LAG(`t32`.`stretch_3600`, 1) OVER (
              PARTITION BY `t32`.`person`, `t32`.`command`
              ORDER BY `t32`.`start_s` ASC, `t32`.`duration_ms` ASC, `t32`.`exit_status` ASC, `t32`.`command` ASC
            ) AS `last_3600`,
            LAG(`t32`.`stretch_7200`, 1) OVER (
              PARTITION BY `t32`.`person`, `t32`.`command`
              ORDER BY `t32`.`start_s` ASC, `t32`.`duration_ms` ASC, `t32`.`exit_status` ASC, `t32`.`command` ASC
            ) AS `last_7200`
          FROM (
            SELECT
              `t30`.`command`,
              `t30`.`duration_ms`,
              `t30`.`exit_status`,
              `t30`.`start_s`,
              `t30`.`commit_s`,
              `t30`.`on_master`,
              `t30`.`is_test`,
              `t30`.`person`,
              `t30`.`place`,
              `t30`.`before`,
              `t30`.`stretch_1800`,
              `t30`.`stretch_3600`,
              `t30`.`stretch_7200`,
              `t30`.`bad`
            FROM (
              SELECT
                `t24`.`command`,
                `t24`.`duration_ms`,
                `t24`.`exit_status`,
                `t24`.`start_s`,
                `t24`.`commit_s`,
                `t24`.`on_master`,
                `t24`.`is_test`,
                `t24`.`person`,
                `t24`.`place`,
                IF((
                  `t24`.`place` > 0
                ) AND (
                  `t24`.`pause_s` <= 3600
                ), `t24`.`before`, -1) AS `before`,
                MOD(CAST(FLOOR(ieee_divide(`t24`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
                MOD(CAST(FLOOR(ieee_divide(`t24`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
                MOD(CAST(FLOOR(ieee_divide(`t24`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`,
                IF(`t24`.`exit_status` <> 0, 1, 0) AS `bad`
              FROM `t23` AS `t24`
              WHERE
                `t24`.`command` IN (1, 2)
            ) AS `t30`
            INNER JOIN (
              SELECT DISTINCT
                `t24`.`person`,
                `t24`.`command`,
                MOD(CAST(FLOOR(ieee_divide(`t24`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
              FROM `t23` AS `t24`
              WHERE
                `t24`.`command` IN (1, 2) AND IF(`t24`.`exit_status` <> 0, 1, 0) = 1
            ) AS `t29`
              ON `t30`.`person` = `t29`.`person`
              AND `t30`.`command` = `t29`.`command`
              AND `t30`.`stretch_7200` = `t29`.`stretch_7200`
          ) AS `t32`
        ) AS `t33`
      ) AS `t34`
      GROUP BY
        1,
        2,
        3
    ) AS `t35`
    WHERE
      `t35`.`bad` > 0
  ) AS `t36`
  GROUP BY
    1,
    2
) AS `t38`
  ON `t31`.`person` = `t38`.`person`;

-- pairs
WITH `t12` AS (
  SELECT
    `t11`.`command`,
    `t11`.`duration_ms`,
    `t11`.`exit_status`,
    `t11`.`start_s`,
    `t11`.`commit_s`,
    `t11`.`on_master`,
    `t11`.`is_test`,
    `t11`.`person`,
    `t11`.`place`,
    `t11`.`pause_s`,
    `t11`.`before`,
    SUM(
      IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 1800
      ), 1, 0) + IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 3600
      ), 1048576, 0) + IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 7200
      ), 1099511627776, 0)
    ) OVER (
      PARTITION BY `t11`.`person`
      ORDER BY `t11`.`place` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `pauses`
  FROM (
    SELECT
      `t10`.`command`,
      `t10`.`duration_ms`,
      `t10`.`exit_status`,
      `t10`.`start_s`,
      `t10`.`commit_s`,
      `t10`.`on_master`,
      `t10`.`is_test`,
      `t10`.`person`,
      ROW_NUMBER() OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) - 1 AS `place`,
      `t10`.`start_s` - LAG(`t10`.`start_s` + CAST(FLOOR(ieee_divide(`t10`.`duration_ms`, 1000)) AS INT64), 1) OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) AS `pause_s`,
      LAG(`t10`.`command`, 1) OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) AS `before`
    FROM (
      SELECT
        `t9`.*
        EXCEPT (`user_id`)
      FROM (
        SELECT
          `t6`.`command`,
          `t6`.`user_id`,
          `t6`.`duration_ms`,
          `t6`.`exit_status`,
          `t6`.`start_s`,
          `t6`.`commit_s`,
          `t6`.`on_master`,
          `t6`.`is_test`,
          `t8`.`person`
        FROM (
          SELECT
            CAST(CASE
              WHEN `t3`.`command` = 'dev.up.lms'
              THEN 0
              WHEN `t3`.`command` = 'dev.down'
              THEN 1
              WHEN `t3`.`command` = 'dev.provision'
              THEN 2
              ELSE NULL
            END AS INT64) AS `command`,
            `t3`.`user_id`,
            LEAST(
              `t3`.`duration_ms`,
              CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
            ) AS `duration_ms`,
            `t3`.`exit_status`,
            `t3`.`start_s`,
            `t3`.`commit_s`,
            `t3`.`on_master`,
            `t3`.`is_test`
          FROM (
            SELECT
              `t2`.*
              EXCEPT (`is_run`)
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  COALESCE(
                    (
                      `t0`.`user_id` IS NOT NULL
                    )
                    AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                    AND (
                      `t0`.`exit_status` IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ) AS `is_run`,
                  `t0`.`command`,
                  `t0`.`user_id`,
                  IF(
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ),
                    `t0`.`duration_ms`,
                    0
                  ) AS `duration_ms`,
                  `t0`.`exit_status`,
                  CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                  CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                  `t0`.`git_checked_out_master` AS `on_master`,
                  LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                FROM `devstack_command_run` AS `t0`
                WHERE
                  `t0`.`command` IS NOT NULL
                  AND NOT (
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                  )
                  AND `t0`.`git_checked_out_master`
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
              ) AS `t1`
              WHERE
                `t1`.`is_run`
            ) AS `t2`
          ) AS `t3`
        ) AS `t6`
        INNER JOIN (
          SELECT
            `t4`.`user_id`,
            ROW_NUMBER() OVER (ORDER BY `t4`.`user_id` ASC) - 1 AS `person`
          FROM (
            SELECT DISTINCT
              `t3`.`user_id`
            FROM (
              SELECT
                `t2`.*
                EXCEPT (`is_run`)
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ) AS `is_run`,
                    `t0`.`command`,
                    `t0`.`user_id`,
                    IF(
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ),
                      `t0`.`duration_ms`,
                      0
                    ) AS `duration_ms`,
                    `t0`.`exit_status`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                    `t0`.`git_checked_out_master` AS `on_master`,
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                  FROM `devstack_command_run` AS `t0`
                  WHERE
                    `t0`.`command` IS NOT NULL
                    AND NOT (
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                    )
                    AND `t0`.`git_checked_out_master`
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                ) AS `t1`
                WHERE
                  `t1`.`is_run`
              ) AS `t2`
            ) AS `t3`
          ) AS `t4`
        ) AS `t8`
          ON `t6`.`user_id` = `t8`.`user_id`
      ) AS `t9`
    ) AS `t10`
  ) AS `t11`
)
SELECT
  `t31`.`before`,
  `t31`.`command`,
  `t31`.`expected`,
  COALESCE(`t29`.`observed`, 0) AS `observed`,
  DENSE_RANK() OVER (ORDER BY `t31`.`person` ASC) - 1 AS `unit`
FROM (
  SELECT
    `t26`.`person`,
    `t26`.`before`,
    `t26`.`command`,
    SUM(
      CAST(FLOOR(
        ieee_divide(
          `t26`.`followed` * (
            `t26`.`there` - IF(`t26`.`before` = `t26`.`command`, 1, 0)
          ) * 1000000,
          `t26`.`others`
        )
      ) AS INT64)
    ) AS `expected`
  FROM (
    SELECT
      `t22`.`person`,
      `t22`.`stretch_3600`,
      `t22`.`before`,
      `t22`.`followed`,
      `t25`.`others`,
      `t25`.`week`,
      `t21`.`command`,
      `t21`.`there`
    FROM (
      SELECT
        `t16`.`person`,
        `t16`.`stretch_3600`,
        `t16`.`before`,
        COUNT(*) AS `followed`
      FROM (
        SELECT
          `t13`.`command`,
          `t13`.`duration_ms`,
          `t13`.`exit_status`,
          `t13`.`start_s`,
          `t13`.`commit_s`,
          `t13`.`on_master`,
          `t13`.`is_test`,
          `t13`.`person`,
          `t13`.`place`,
          IF((
            `t13`.`place` > 0
          ) AND (
            `t13`.`pause_s` <= 3600
          ), `t13`.`before`, -1) AS `before`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
        FROM `t12` AS `t13`
        WHERE
          IF((
            `t13`.`place` > 0
          ) AND (
            `t13`.`pause_s` <= 3600
          ), `t13`.`before`, -1) IN (1, 2)
      ) AS `t16`
      GROUP BY
        1,
        2,
        3
    ) AS `t22`
    INNER JOIN (
      SELECT
        *
      FROM (
        SELECT
          `t15`.`person`,
          `t15`.`stretch_3600`,
          COUNT(*) - 1 AS `others`,
          MIN(CAST(FLOOR(ieee_divide(`t15`.`start_s` + 259200, 604800)) AS INT64)) AS `week`
        FROM (
          SELECT
            `t13`.`command`,
            `t13`.`duration_ms`,
            `t13`.`exit_status`,
            `t13`.`start_s`,
            `t13`.`commit_s`,
            `t13`.`on_master`,
            `t13`.`is_test`,
            `t13`.`person`,
            `t13`.`place`,
            IF((
              `t13`.`place` > 0
            ) AND (
              `t13`.`pause_s` <= 3600
            ), `t13`.`before`, -1) AS `before`,
            MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
            MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
            MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
          FROM `t12` AS `t13`
        ) AS `t15`
        GROUP BY
          1,
          2
      ) AS `t23`
      WHERE
        `t23`.`others` > 1
    ) AS `t25`
      ON `t22`.`person` = `t25`.`person` AND `t22`.`stretch_3600` = `t25`.`stretch_3600`
    INNER JOIN (
      SELECT
        `t14`.`person`,
        `t14`.`stretch_3600`,
        `t14`.`command`,
        COUNT(*) AS `there`
      FROM (
        SELECT
          `t13`.`command`,
          `t13`.`duration_ms`,
          `t13`.`exit_status`,
          `t13`.`start_s`,
          `t13`.`commit_s`,
          `t13`.`on_master`,
          `t13`.`is_test`,
          `t13`.`person`,
          `t13`.`place`,
          IF((
            `t13`.`place` > 0
          ) AND (
            `t13`.`pause_s` <= 3600
          ), `t13`.`before`, -1) AS `before`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
        FROM `t12` AS `t13`
        WHERE
          `t13`.`command` IN (1, 2)
      ) AS `t14`
      GROUP BY
        1,
        2,
        3
    ) AS `t21`
      ON `t22`.`person` = `t21`.`person` AND `t22`.`stretch_3600` = `t21`.`stretch_3600`
  ) AS `t26`
  GROUP BY
    1,
    2,
    3
) AS `t31`
LEFT OUTER JOIN (
  SELECT
    `t27`.`person`,
    `t27`.`before`,
    `t27`.`command`,
    COUNT(*) AS `observed`
  FROM (
    SELECT
      `t18`.`person`,
      `t18`.`stretch_3600`,
      `t18`.`before`,
      `t18`.`command`,
      `t25`.`others`,
      `t25`.`week`
    FROM (
      SELECT
        `t13`.`person`,
        MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
        IF((
          `t13`.`place` > 0
        ) AND (
          `t13`.`pause_s` <= 3600
        ), `t13`.`before`, -1) AS `before`,
        `t13`.`command`
      FROM `t12` AS `t13`
      WHERE
        `t13`.`command` IN (1, 2)
        AND IF((
          `t13`.`place` > 0
        ) AND (
          `t13`.`pause_s` <= 3600
        ), `t13`.`before`, -1) IN (1, 2)
    ) AS `t18`
    INNER JOIN (
      SELECT
        *
      FROM (
        SELECT
          `t15`.`person`,
          `t15`.`stretch_3600`,
          COUNT(*) - 1 AS `others`,
          MIN(CAST(FLOOR(ieee_divide(`t15`.`start_s` + 259200, 604800)) AS INT64)) AS `week`
        FROM (
          SELECT
            `t13`.`command`,
            `t13`.`duration_ms`,
            `t13`.`exit_status`,
            `t13`.`start_s`,
            `t13`.`commit_s`,
            `t13`.`on_master`,
            `t13`.`is_test`,
            `t13`.`person`,
            `t13`.`place`,
            IF((
              `t13`.`place` > 0
            ) AND (
              `t13`.`pause_s` <= 3600
            ), `t13`.`before`, -1) AS `before`,
            MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
            MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
            MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
          FROM `t12` AS `t13`
        ) AS `t15`
        GROUP BY
          1,
          2
      ) AS `t23`
      WHERE
        `t23`.`others` > 1
    ) AS `t25`
      ON `t18`.`person` = `t25`.`person` AND `t18`.`stretch_3600` = `t25`.`stretch_3600`
  ) AS `t27`
  GROUP BY
    1,
    2,
    3
) AS `t29`
  ON `t31`.`person` = `t29`.`person`
  AND `t31`.`before` = `t29`.`before`
  AND `t31`.`command` = `t29`.`command`;

-- followed
WITH `t12` AS (
  SELECT
    `t11`.`command`,
    `t11`.`duration_ms`,
    `t11`.`exit_status`,
    `t11`.`start_s`,
    `t11`.`commit_s`,
    `t11`.`on_master`,
    `t11`.`is_test`,
    `t11`.`person`,
    `t11`.`place`,
    `t11`.`pause_s`,
    `t11`.`before`,
    SUM(
      IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 1800
      ), 1, 0) + IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 3600
      ), 1048576, 0) + IF((
        `t11`.`place` > 0
      ) AND (
        `t11`.`pause_s` > 7200
      ), 1099511627776, 0)
    ) OVER (
      PARTITION BY `t11`.`person`
      ORDER BY `t11`.`place` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `pauses`
  FROM (
    SELECT
      `t10`.`command`,
      `t10`.`duration_ms`,
      `t10`.`exit_status`,
      `t10`.`start_s`,
      `t10`.`commit_s`,
      `t10`.`on_master`,
      `t10`.`is_test`,
      `t10`.`person`,
      ROW_NUMBER() OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) - 1 AS `place`,
      `t10`.`start_s` - LAG(`t10`.`start_s` + CAST(FLOOR(ieee_divide(`t10`.`duration_ms`, 1000)) AS INT64), 1) OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) AS `pause_s`,
      LAG(`t10`.`command`, 1) OVER (
        PARTITION BY `t10`.`person`
        ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
      ) AS `before`
    FROM (
      SELECT
        `t9`.*
        EXCEPT (`user_id`)
      FROM (
        SELECT
          `t6`.`command`,
          `t6`.`user_id`,
          `t6`.`duration_ms`,
          `t6`.`exit_status`,
          `t6`.`start_s`,
          `t6`.`commit_s`,
          `t6`.`on_master`,
          `t6`.`is_test`,
          `t8`.`person`
        FROM (
          SELECT
            CAST(CASE
              WHEN `t3`.`command` = 'dev.up.lms'
              THEN 0
              WHEN `t3`.`command` = 'dev.down'
              THEN 1
              WHEN `t3`.`command` = 'dev.provision'
              THEN 2
              ELSE NULL
            END AS INT64) AS `command`,
            `t3`.`user_id`,
            LEAST(
              `t3`.`duration_ms`,
              CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
            ) AS `duration_ms`,
            `t3`.`exit_status`,
            `t3`.`start_s`,
            `t3`.`commit_s`,
            `t3`.`on_master`,
            `t3`.`is_test`
          FROM (
            SELECT
              `t2`.*
              EXCEPT (`is_run`)
            FROM (
              SELECT
                *
              FROM (
                SELECT
                  COALESCE(
                    (
                      `t0`.`user_id` IS NOT NULL
                    )
                    AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                    AND (
                      `t0`.`exit_status` IS NOT NULL
                    )
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                    FALSE
                  ) AS `is_run`,
                  `t0`.`command`,
                  `t0`.`user_id`,
                  IF(
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ),
                    `t0`.`duration_ms`,
                    0
                  ) AS `duration_ms`,
                  `t0`.`exit_status`,
                  CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                  CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                  `t0`.`git_checked_out_master` AS `on_master`,
                  LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                FROM `devstack_command_run` AS `t0`
                WHERE
                  `t0`.`command` IS NOT NULL
                  AND NOT (
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                  )
                  AND `t0`.`git_checked_out_master`
                  AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
              ) AS `t1`
              WHERE
                `t1`.`is_run`
            ) AS `t2`
          ) AS `t3`
        ) AS `t6`
        INNER JOIN (
          SELECT
            `t4`.`user_id`,
            ROW_NUMBER() OVER (ORDER BY `t4`.`user_id` ASC) - 1 AS `person`
          FROM (
            SELECT DISTINCT
              `t3`.`user_id`
            FROM (
              SELECT
                `t2`.*
                EXCEPT (`is_run`)
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ) AS `is_run`,
                    `t0`.`command`,
                    `t0`.`user_id`,
                    IF(
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ),
                      `t0`.`duration_ms`,
                      0
                    ) AS `duration_ms`,
                    `t0`.`exit_status`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                    `t0`.`git_checked_out_master` AS `on_master`,
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                  FROM `devstack_command_run` AS `t0`
                  WHERE
                    `t0`.`command` IS NOT NULL
                    AND NOT (
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                    )
                    AND `t0`.`git_checked_out_master`
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                ) AS `t1`
                WHERE
                  `t1`.`is_run`
              ) AS `t2`
            ) AS `t3`
          ) AS `t4`
        ) AS `t8`
          ON `t6`.`user_id` = `t8`.`user_id`
      ) AS `t9`
    ) AS `t10`
  ) AS `t11`
)
SELECT
  `t20`.`before`,
  COUNT(*) AS `times`
FROM (
  SELECT
    `t16`.`command`,
    `t16`.`duration_ms`,
    `t16`.`exit_status`,
    `t16`.`start_s`,
    `t16`.`commit_s`,
    `t16`.`on_master`,
    `t16`.`is_test`,
    `t16`.`person`,
    `t16`.`place`,
    `t16`.`before`,
    `t16`.`stretch_1800`,
    `t16`.`stretch_3600`,
    `t16`.`stretch_7200`,
    `t19`.`runs`
  FROM (
    SELECT
      `t13`.`command`,
      `t13`.`duration_ms`,
      `t13`.`exit_status`,
      `t13`.`start_s`,
      `t13`.`commit_s`,
      `t13`.`on_master`,
      `t13`.`is_test`,
      `t13`.`person`,
      `t13`.`place`,
      IF((
        `t13`.`place` > 0
      ) AND (
        `t13`.`pause_s` <= 3600
      ), `t13`.`before`, -1) AS `before`,
      MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
      MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
      MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
    FROM `t12` AS `t13`
    WHERE
      IF((
        `t13`.`place` > 0
      ) AND (
        `t13`.`pause_s` <= 3600
      ), `t13`.`before`, -1) IN (1, 2)
  ) AS `t16`
  INNER JOIN (
    SELECT
      *
    FROM (
      SELECT
        `t14`.`person`,
        `t14`.`stretch_3600`,
        COUNT(*) AS `runs`
      FROM (
        SELECT
          `t13`.`command`,
          `t13`.`duration_ms`,
          `t13`.`exit_status`,
          `t13`.`start_s`,
          `t13`.`commit_s`,
          `t13`.`on_master`,
          `t13`.`is_test`,
          `t13`.`person`,
          `t13`.`place`,
          IF((
            `t13`.`place` > 0
          ) AND (
            `t13`.`pause_s` <= 3600
          ), `t13`.`before`, -1) AS `before`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
          MOD(CAST(FLOOR(ieee_divide(`t13`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
        FROM `t12` AS `t13`
      ) AS `t14`
      GROUP BY
        1,
        2
    ) AS `t17`
    WHERE
      `t17`.`runs` > 2
  ) AS `t19`
    ON `t16`.`person` = `t19`.`person` AND `t16`.`stretch_3600` = `t19`.`stretch_3600`
) AS `t20`
GROUP BY
  1;

-- paths
WITH `t13` AS (
  SELECT
    `t12`.`command`,
    `t12`.`duration_ms`,
    `t12`.`exit_status`,
    `t12`.`start_s`,
    `t12`.`commit_s`,
    `t12`.`on_master`,
    `t12`.`is_test`,
    `t12`.`person`,
    `t12`.`place`,
    IF((
      `t12`.`place` > 0
    ) AND (
      `t12`.`pause_s` <= 3600
    ), `t12`.`before`, -1) AS `before`,
    MOD(CAST(FLOOR(ieee_divide(`t12`.`pauses`, 1)) AS INT64), 1048576) AS `stretch_1800`,
    MOD(CAST(FLOOR(ieee_divide(`t12`.`pauses`, 1048576)) AS INT64), 1048576) AS `stretch_3600`,
    MOD(CAST(FLOOR(ieee_divide(`t12`.`pauses`, 1099511627776)) AS INT64), 1048576) AS `stretch_7200`
  FROM (
    SELECT
      `t11`.`command`,
      `t11`.`duration_ms`,
      `t11`.`exit_status`,
      `t11`.`start_s`,
      `t11`.`commit_s`,
      `t11`.`on_master`,
      `t11`.`is_test`,
      `t11`.`person`,
      `t11`.`place`,
      `t11`.`pause_s`,
      `t11`.`before`,
      SUM(
        IF((
          `t11`.`place` > 0
        ) AND (
          `t11`.`pause_s` > 1800
        ), 1, 0) + IF((
          `t11`.`place` > 0
        ) AND (
          `t11`.`pause_s` > 3600
        ), 1048576, 0) + IF((
          `t11`.`place` > 0
        ) AND (
          `t11`.`pause_s` > 7200
        ), 1099511627776, 0)
      ) OVER (
        PARTITION BY `t11`.`person`
        ORDER BY `t11`.`place` ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `pauses`
    FROM (
      SELECT
        `t10`.`command`,
        `t10`.`duration_ms`,
        `t10`.`exit_status`,
        `t10`.`start_s`,
        `t10`.`commit_s`,
        `t10`.`on_master`,
        `t10`.`is_test`,
        `t10`.`person`,
        ROW_NUMBER() OVER (
          PARTITION BY `t10`.`person`
          ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
        ) - 1 AS `place`,
        `t10`.`start_s` - LAG(`t10`.`start_s` + CAST(FLOOR(ieee_divide(`t10`.`duration_ms`, 1000)) AS INT64), 1) OVER (
          PARTITION BY `t10`.`person`
          ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
        ) AS `pause_s`,
        LAG(`t10`.`command`, 1) OVER (
          PARTITION BY `t10`.`person`
          ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
        ) AS `before`
      FROM (
        SELECT
          `t9`.*
          EXCEPT (`user_id`)
        FROM (
          SELECT
            `t6`.`command`,
            `t6`.`user_id`,
            `t6`.`duration_ms`,
            `t6`.`exit_status`,
            `t6`.`start_s`,
            `t6`.`commit_s`,
            `t6`.`on_master`,
            `t6`.`is_test`,
            `t8`.`person`
          FROM (
            SELECT
              CAST(CASE
                WHEN `t3`.`command` = 'dev.up.lms'
                THEN 0
                WHEN `t3`.`command` = 'dev.down'
                THEN 1
                WHEN `t3`.`command` = 'dev.provision'
                THEN 2
                ELSE NULL
              END AS INT64) AS `command`,
              `t3`.`user_id`,
              LEAST(
                `t3`.`duration_ms`,
                CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
              ) AS `duration_ms`,
              `t3`.`exit_status`,
              `t3`.`start_s`,
              `t3`.`commit_s`,
              `t3`.`on_master`,
              `t3`.`is_test`
            FROM (
              SELECT
                `t2`.*
                EXCEPT (`is_run`)
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ) AS `is_run`,
                    `t0`.`command`,
                    `t0`.`user_id`,
                    IF(
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ),
                      `t0`.`duration_ms`,
                      0
                    ) AS `duration_ms`,
                    `t0`.`exit_status`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                    `t0`.`git_checked_out_master` AS `on_master`,
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                  FROM `devstack_command_run` AS `t0`
                  WHERE
                    `t0`.`command` IS NOT NULL
                    AND NOT (
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                    )
                    AND `t0`.`git_checked_out_master`
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                ) AS `t1`
                WHERE
                  `t1`.`is_run`
              ) AS `t2`
            ) AS `t3`
          ) AS `t6`
          INNER JOIN (
            SELECT
              `t4`.`user_id`,
              ROW_NUMBER() OVER (ORDER BY `t4`.`user_id` ASC) - 1 AS `person`
            FROM (
              SELECT DISTINCT
                `t3`.`user_id`
              FROM (
                SELECT
                  `t2`.*
                  EXCEPT (`is_run`)
                FROM (
                  SELECT
                    *
                  FROM (
                    SELECT
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ) AS `is_run`,
                      `t0`.`command`,
                      `t0`.`user_id`,
                      IF(
                        COALESCE(
                          (
                            `t0`.`user_id` IS NOT NULL
                          )
                          AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                          AND (
                            `t0`.`exit_status` IS NOT NULL
                          )
                          AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                          FALSE
                        ),
                        `t0`.`duration_ms`,
                        0
                      ) AS `duration_ms`,
                      `t0`.`exit_status`,
                      CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                      CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                      `t0`.`git_checked_out_master` AS `on_master`,
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                    FROM `devstack_command_run` AS `t0`
                    WHERE
                      `t0`.`command` IS NOT NULL
                      AND NOT (
                        LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                      )
                      AND `t0`.`git_checked_out_master`
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                  ) AS `t1`
                  WHERE
                    `t1`.`is_run`
                ) AS `t2`
              ) AS `t3`
            ) AS `t4`
          ) AS `t8`
            ON `t6`.`user_id` = `t8`.`user_id`
        ) AS `t9`
      ) AS `t10`
    ) AS `t11`
  ) AS `t12`
)
SELECT
  `t25`.`c0`,
  `t25`.`c1`,
  `t25`.`c2`,
  `t25`.`c3`,
  COUNT(*) AS `people`,
  SUM(`t25`.`days`) AS `days`
FROM (
  SELECT
    `t24`.`c0`,
    `t24`.`c1`,
    `t24`.`c2`,
    `t24`.`c3`,
    `t24`.`person`,
    COUNT(*) AS `days`
  FROM (
    SELECT DISTINCT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t18`.`person`,
          `t18`.`day`,
          `t18`.`before` AS `c0`,
          `t18`.`command` AS `c1`,
          `t19`.`c2`,
          -1 AS `c3`
        FROM (
          SELECT
            `t14`.`person`,
            `t14`.`place`,
            `t14`.`before`,
            `t14`.`command`,
            CAST(FLOOR(ieee_divide(`t14`.`start_s`, 86400)) AS INT64) AS `day`
          FROM `t13` AS `t14`
          WHERE
            (
              (
                `t14`.`before` = 1
              ) AND (
                `t14`.`command` = 2
              )
            )
            OR (
              (
                `t14`.`before` = 2
              ) AND (
                `t14`.`command` = 0
              )
            )
        ) AS `t18`
        INNER JOIN (
          SELECT
            `t14`.`person`,
            `t14`.`command` AS `c2`,
            `t14`.`place` - 1 AS `place`
          FROM `t13` AS `t14`
          WHERE
            (
              (
                `t14`.`before` = 1
              ) AND (
                `t14`.`command` = 2
              )
            )
            OR (
              (
                `t14`.`before` = 2
              ) AND (
                `t14`.`command` = 0
              )
            )
        ) AS `t19`
          ON `t18`.`person` = `t19`.`person` AND `t18`.`place` = `t19`.`place`
      ) AS `t21`
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          `t18`.`person`,
          `t18`.`day`,
          `t18`.`before` AS `c0`,
          `t18`.`command` AS `c1`,
          `t19`.`c2`,
          `t20`.`c3`
        FROM (
          SELECT
            `t14`.`person`,
            `t14`.`place`,
            `t14`.`before`,
            `t14`.`command`,
            CAST(FLOOR(ieee_divide(`t14`.`start_s`, 86400)) AS INT64) AS `day`
          FROM `t13` AS `t14`
          WHERE
            (
              (
                `t14`.`before` = 1
              ) AND (
                `t14`.`command` = 2
              )
            )
            OR (
              (
                `t14`.`before` = 2
              ) AND (
                `t14`.`command` = 0
              )
            )
        ) AS `t18`
        INNER JOIN (
          SELECT
            `t14`.`person`,
            `t14`.`command` AS `c2`,
            `t14`.`place` - 1 AS `place`
          FROM `t13` AS `t14`
          WHERE
            (
              (
                `t14`.`before` = 1
              ) AND (
                `t14`.`command` = 2
              )
            )
            OR (
              (
                `t14`.`before` = 2
              ) AND (
                `t14`.`command` = 0
              )
            )
        ) AS `t19`
          ON `t18`.`person` = `t19`.`person` AND `t18`.`place` = `t19`.`place`
        INNER JOIN (
          SELECT
            `t14`.`person`,
            `t14`.`command` AS `c3`,
            `t14`.`place` - 2 AS `place`
          FROM `t13` AS `t14`
          WHERE
            (
              (
                `t14`.`before` = 1
              ) AND (
                `t14`.`command` = 2
              )
            )
            OR (
              (
                `t14`.`before` = 2
              ) AND (
                `t14`.`command` = 0
              )
            )
        ) AS `t20`
          ON `t18`.`person` = `t20`.`person` AND `t18`.`place` = `t20`.`place`
      ) AS `t22`
    ) AS `t23`
  ) AS `t24`
  GROUP BY
    1,
    2,
    3,
    4,
    5
) AS `t25`
GROUP BY
  1,
  2,
  3,
  4;

-- days
SELECT
  COUNT(*) AS `days`
FROM (
  SELECT DISTINCT
    `t12`.`person`,
    CAST(FLOOR(ieee_divide(`t12`.`start_s`, 86400)) AS INT64) AS `day`
  FROM (
    SELECT
      `t11`.`command`,
      `t11`.`duration_ms`,
      `t11`.`exit_status`,
      `t11`.`start_s`,
      `t11`.`commit_s`,
      `t11`.`on_master`,
      `t11`.`is_test`,
      `t11`.`person`,
      `t11`.`place`,
      `t11`.`pause_s`,
      `t11`.`before`,
      SUM(
        IF((
          `t11`.`place` > 0
        ) AND (
          `t11`.`pause_s` > 1800
        ), 1, 0) + IF((
          `t11`.`place` > 0
        ) AND (
          `t11`.`pause_s` > 3600
        ), 1048576, 0) + IF((
          `t11`.`place` > 0
        ) AND (
          `t11`.`pause_s` > 7200
        ), 1099511627776, 0)
      ) OVER (
        PARTITION BY `t11`.`person`
        ORDER BY `t11`.`place` ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `pauses`
    FROM (
      SELECT
        `t10`.`command`,
        `t10`.`duration_ms`,
        `t10`.`exit_status`,
        `t10`.`start_s`,
        `t10`.`commit_s`,
        `t10`.`on_master`,
        `t10`.`is_test`,
        `t10`.`person`,
        ROW_NUMBER() OVER (
          PARTITION BY `t10`.`person`
          ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
        ) - 1 AS `place`,
        `t10`.`start_s` - LAG(`t10`.`start_s` + CAST(FLOOR(ieee_divide(`t10`.`duration_ms`, 1000)) AS INT64), 1) OVER (
          PARTITION BY `t10`.`person`
          ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
        ) AS `pause_s`,
        LAG(`t10`.`command`, 1) OVER (
          PARTITION BY `t10`.`person`
          ORDER BY `t10`.`start_s` ASC, `t10`.`duration_ms` ASC, `t10`.`exit_status` ASC, `t10`.`command` ASC
        ) AS `before`
      FROM (
        SELECT
          `t9`.*
          EXCEPT (`user_id`)
        FROM (
          SELECT
            `t6`.`command`,
            `t6`.`user_id`,
            `t6`.`duration_ms`,
            `t6`.`exit_status`,
            `t6`.`start_s`,
            `t6`.`commit_s`,
            `t6`.`on_master`,
            `t6`.`is_test`,
            `t8`.`person`
          FROM (
            SELECT
              CAST(CASE
                WHEN `t3`.`command` = 'dev.up.lms'
                THEN 0
                WHEN `t3`.`command` = 'dev.down'
                THEN 1
                WHEN `t3`.`command` = 'dev.provision'
                THEN 2
                ELSE NULL
              END AS INT64) AS `command`,
              `t3`.`user_id`,
              LEAST(
                `t3`.`duration_ms`,
                CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
              ) AS `duration_ms`,
              `t3`.`exit_status`,
              `t3`.`start_s`,
              `t3`.`commit_s`,
              `t3`.`on_master`,
              `t3`.`is_test`
            FROM (
              SELECT
                `t2`.*
                EXCEPT (`is_run`)
              FROM (
                SELECT
                  *
                FROM (
                  SELECT
                    COALESCE(
                      (
                        `t0`.`user_id` IS NOT NULL
                      )
                      AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                      AND (
                        `t0`.`exit_status` IS NOT NULL
                      )
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                      FALSE
                    ) AS `is_run`,
                    `t0`.`command`,
                    `t0`.`user_id`,
                    IF(
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ),
                      `t0`.`duration_ms`,
                      0
                    ) AS `duration_ms`,
                    `t0`.`exit_status`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                    CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                    `t0`.`git_checked_out_master` AS `on_master`,
                    LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                  FROM `devstack_command_run` AS `t0`
                  WHERE
                    `t0`.`command` IS NOT NULL
                    AND NOT (
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                    )
                    AND `t0`.`git_checked_out_master`
                    AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                ) AS `t1`
                WHERE
                  `t1`.`is_run`
              ) AS `t2`
            ) AS `t3`
          ) AS `t6`
          INNER JOIN (
            SELECT
              `t4`.`user_id`,
              ROW_NUMBER() OVER (ORDER BY `t4`.`user_id` ASC) - 1 AS `person`
            FROM (
              SELECT DISTINCT
                `t3`.`user_id`
              FROM (
                SELECT
                  `t2`.*
                  EXCEPT (`is_run`)
                FROM (
                  SELECT
                    *
                  FROM (
                    SELECT
                      COALESCE(
                        (
                          `t0`.`user_id` IS NOT NULL
                        )
                        AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                        AND (
                          `t0`.`exit_status` IS NOT NULL
                        )
                        AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                        FALSE
                      ) AS `is_run`,
                      `t0`.`command`,
                      `t0`.`user_id`,
                      IF(
                        COALESCE(
                          (
                            `t0`.`user_id` IS NOT NULL
                          )
                          AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                          AND (
                            `t0`.`exit_status` IS NOT NULL
                          )
                          AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                          FALSE
                        ),
                        `t0`.`duration_ms`,
                        0
                      ) AS `duration_ms`,
                      `t0`.`exit_status`,
                      CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
                      CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
                      `t0`.`git_checked_out_master` AS `on_master`,
                      LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
                    FROM `devstack_command_run` AS `t0`
                    WHERE
                      `t0`.`command` IS NOT NULL
                      AND NOT (
                        LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
                      )
                      AND `t0`.`git_checked_out_master`
                      AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
                  ) AS `t1`
                  WHERE
                    `t1`.`is_run`
                ) AS `t2`
              ) AS `t3`
            ) AS `t4`
          ) AS `t8`
            ON `t6`.`user_id` = `t8`.`user_id`
        ) AS `t9`
      ) AS `t10`
    ) AS `t11`
  ) AS `t12`
) AS `t13`;

-- sides
WITH `t5` AS (
  SELECT
    `t4`.`user_id`,
    `t4`.`after`,
    `t4`.`day`,
    COUNT(*) AS `runs`,
    SUM(IF(`t4`.`exit_status` > 0, 1, 0)) AS `failed`,
    SUM(IF(`t4`.`exit_status` < 0, 1, 0)) AS `interrupted`,
    SUM(IF(`t4`.`exit_status` = 0, 1, 0)) AS `succeeded`,
    SUM(`t4`.`logarithm`) AS `logarithms`,
    SUM(`t4`.`logarithm` * `t4`.`logarithm`) AS `squares`
  FROM (
    SELECT
      `t3`.`command`,
      `t3`.`user_id`,
      `t3`.`duration_ms`,
      `t3`.`exit_status`,
      `t3`.`start_s`,
      `t3`.`commit_s`,
      `t3`.`on_master`,
      `t3`.`is_test`,
      IF(`t3`.`commit_s` >= 1777370400, 1, 0) AS `after`,
      CAST(FLOOR(ieee_divide((
        `t3`.`start_s` - 1777370400
      ) + 8640000000, 86400)) AS INT64) - 100000 AS `day`,
      IF(
        `t3`.`exit_status` = 0,
        CAST(ROUND(LN(CAST(GREATEST(`t3`.`duration_ms`, 1) AS FLOAT64)) * 1000, 0) AS INT64),
        0
      ) AS `logarithm`
    FROM (
      SELECT
        `t2`.*
        EXCEPT (`is_run`)
      FROM (
        SELECT
          *
        FROM (
          SELECT
            COALESCE(
              (
                `t0`.`user_id` IS NOT NULL
              )
              AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
              AND (
                `t0`.`exit_status` IS NOT NULL
              )
              AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
              FALSE
            ) AS `is_run`,
            `t0`.`command`,
            `t0`.`user_id`,
            IF(
              COALESCE(
                (
                  `t0`.`user_id` IS NOT NULL
                )
                AND `t0`.`duration_ms` BETWEEN 0 AND 31622400000
                AND (
                  `t0`.`exit_status` IS NOT NULL
                )
                AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) BETWEEN 1577836800 AND 1783296000,
                FALSE
              ),
              `t0`.`duration_ms`,
              0
            ) AS `duration_ms`,
            `t0`.`exit_status`,
            CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) AS `start_s`,
            CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`git_commit_time`) AS FLOAT64)) AS INT64) AS `commit_s`,
            `t0`.`git_checked_out_master` AS `on_master`,
            LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false' AS `is_test`
          FROM `devstack_command_run` AS `t0`
          WHERE
            `t0`.`command` IS NOT NULL
            AND NOT (
              LOWER(COALESCE(`t0`.`is_test`, '')) <> 'false'
            )
            AND `t0`.`git_checked_out_master`
            AND CAST(FLOOR(CAST(UNIX_SECONDS(`t0`.`start_time`) AS FLOAT64)) AS INT64) >= 1767571200
        ) AS `t1`
        WHERE
          `t1`.`is_run`
      ) AS `t2`
    ) AS `t3`
    WHERE
      `t3`.`command` = 'dev.provision' AND `t3`.`commit_s` IS NOT NULL
  ) AS `t4`
  GROUP BY
    1,
    2,
    3
)
SELECT
  `t11`.*
  EXCEPT (`user_id`)
FROM (
  SELECT
    `t7`.`user_id`,
    `t7`.`after`,
    `t7`.`day`,
    `t7`.`runs`,
    `t7`.`failed`,
    `t7`.`interrupted`,
    `t7`.`succeeded`,
    `t7`.`logarithms`,
    `t7`.`squares`,
    `t10`.`person`
  FROM `t5` AS `t7`
  INNER JOIN (
    SELECT
      `t8`.`user_id`,
      ROW_NUMBER() OVER (ORDER BY `t8`.`user_id` ASC) - 1 AS `person`
    FROM (
      SELECT DISTINCT
        `t6`.`user_id`
      FROM `t5` AS `t6`
    ) AS `t8`
  ) AS `t10`
    ON `t7`.`user_id` = `t10`.`user_id`
) AS `t11`;

