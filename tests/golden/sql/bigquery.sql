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
WITH `t6` AS (
  SELECT
    `t5`.`command`,
    `t5`.`user_id`,
    `t5`.`duration_ms`,
    `t5`.`exit_status`,
    `t5`.`start_s`,
    `t5`.`commit_s`,
    `t5`.`on_master`,
    `t5`.`is_test`,
    `t5`.`place`,
    IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` <= 3600
    ), `t5`.`before`, '') AS `before`,
    SUM(IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` > 1800
    ), 1, 0)) OVER (
      PARTITION BY `t5`.`user_id`
      ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_1800`,
    SUM(IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` > 3600
    ), 1, 0)) OVER (
      PARTITION BY `t5`.`user_id`
      ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_3600`,
    SUM(IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` > 7200
    ), 1, 0)) OVER (
      PARTITION BY `t5`.`user_id`
      ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_7200`
  FROM (
    SELECT
      `t4`.`command`,
      `t4`.`user_id`,
      `t4`.`duration_ms`,
      `t4`.`exit_status`,
      `t4`.`start_s`,
      `t4`.`commit_s`,
      `t4`.`on_master`,
      `t4`.`is_test`,
      `t4`.`end_s`,
      ROW_NUMBER() OVER (
        PARTITION BY `t4`.`user_id`
        ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
      ) - 1 AS `place`,
      `t4`.`start_s` - LAG(`t4`.`end_s`, 1) OVER (
        PARTITION BY `t4`.`user_id`
        ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
      ) AS `pause_s`,
      LAG(`t4`.`command`, 1) OVER (
        PARTITION BY `t4`.`user_id`
        ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
      ) AS `before`
    FROM (
      SELECT
        `t3`.`command`,
        `t3`.`user_id`,
        LEAST(
          `t3`.`duration_ms`,
          CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
        ) AS `duration_ms`,
        `t3`.`exit_status`,
        `t3`.`start_s`,
        `t3`.`commit_s`,
        `t3`.`on_master`,
        `t3`.`is_test`,
        `t3`.`start_s` + CAST(FLOOR(
          ieee_divide(
            LEAST(
              `t3`.`duration_ms`,
              CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
            ),
            1000
          )
        ) AS INT64) AS `end_s`
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
  ) AS `t5`
)
SELECT
  `t17`.`command`,
  COUNT(*) AS `people`,
  SUM(`t17`.`total_ms`) AS `total_ms`
FROM (
  SELECT
    `t16`.`command`,
    `t16`.`user_id`,
    SUM(`t16`.`duration_ms`) AS `total_ms`
  FROM (
    SELECT
      `t15`.`user_id`,
      `t15`.`command`,
      `t15`.`tries`,
      CAST(FLOOR(ieee_divide(`t15`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
      `t15`.`end_ms` - (
        `t15`.`start_s` * 1000
      ) AS `duration_ms`,
      `t15`.`tries` - `t15`.`bad` AS `solved`
    FROM (
      SELECT
        `t14`.`user_id`,
        `t14`.`command`,
        `t14`.`session_3600`,
        MIN(`t14`.`start_s`) AS `start_s`,
        MAX((
          `t14`.`start_s` * 1000
        ) + `t14`.`duration_ms`) AS `end_ms`,
        COUNT(*) AS `tries`,
        SUM(`t14`.`bad`) AS `bad`
      FROM (
        SELECT
          `t13`.`user_id`,
          `t13`.`command`,
          `t13`.`start_s`,
          `t13`.`duration_ms`,
          `t13`.`bad`,
          SUM(
            IF(
              (
                `t13`.`number` > 0
              )
              AND (
                `t13`.`after` = 1
              )
              AND (
                `t13`.`last_1800` = `t13`.`stretch_1800`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t13`.`user_id`, `t13`.`command`
            ORDER BY `t13`.`start_s` ASC, `t13`.`duration_ms` ASC, `t13`.`exit_status` ASC, `t13`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_1800`,
          SUM(
            IF(
              (
                `t13`.`number` > 0
              )
              AND (
                `t13`.`after` = 1
              )
              AND (
                `t13`.`last_3600` = `t13`.`stretch_3600`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t13`.`user_id`, `t13`.`command`
            ORDER BY `t13`.`start_s` ASC, `t13`.`duration_ms` ASC, `t13`.`exit_status` ASC, `t13`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_3600`,
          SUM(
            IF(
              (
                `t13`.`number` > 0
              )
              AND (
                `t13`.`after` = 1
              )
              AND (
                `t13`.`last_7200` = `t13`.`stretch_7200`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t13`.`user_id`, `t13`.`command`
            ORDER BY `t13`.`start_s` ASC, `t13`.`duration_ms` ASC, `t13`.`exit_status` ASC, `t13`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_7200`
        FROM (
          SELECT
            `t12`.`command`,
            `t12`.`user_id`,
            `t12`.`duration_ms`,
            `t12`.`exit_status`,
            `t12`.`start_s`,
            `t12`.`commit_s`,
            `t12`.`on_master`,
            `t12`.`is_test`,
            `t12`.`place`,
            `t12`.`before`,
            `t12`.`stretch_1800`,
            `t12`.`stretch_3600`,
            `t12`.`stretch_7200`,
            `t12`.`bad`,
            ROW_NUMBER() OVER (
              PARTITION BY `t12`.`user_id`, `t12`.`command`
              ORDER BY `t12`.`start_s` ASC, `t12`.`duration_ms` ASC, `t12`.`exit_status` ASC, `t12`.`command` ASC
            ) - 1 AS `number`,
            LAG(`t12`.`bad`, 1) OVER (
              PARTITION BY `t12`.`user_id`, `t12`.`command`
              ORDER BY `t12`.`start_s` ASC, `t12`.`duration_ms` ASC, `t12`.`exit_status` ASC, `t12`.`command` ASC
            ) AS `after`,
            LAG(`t12`.`stretch_1800`, 1) OVER (
              PARTITION BY `t12`.`user_id`, `t12`.`command`
              ORDER BY `t12`.`start_s` ASC, `t12`.`duration_ms` ASC, `t12`.`exit_status` ASC, `t12`.`command` ASC
            ) AS `last_1800`,
            LAG(`t12`.`stretch_3600`, 1) OVER (
              PARTITION BY `t12`.`user_id`, `t12`.`command`
              ORDER BY `t12`.`start_s` ASC, `t12`.`duration_ms` ASC, `t12`.`exit_status` ASC, `t12`.`command` ASC
            ) AS `last_3600`,
            LAG(`t12`.`stretch_7200`, 1) OVER (
              PARTITION BY `t12`.`user_id`, `t12`.`command`
              ORDER BY `t12`.`start_s` ASC, `t12`.`duration_ms` ASC, `t12`.`exit_status` ASC, `t12`.`command` ASC
            ) AS `last_7200`
          FROM (
            SELECT
              `t9`.`command`,
              `t9`.`user_id`,
              `t9`.`duration_ms`,
              `t9`.`exit_status`,
              `t9`.`start_s`,
              `t9`.`commit_s`,
              `t9`.`on_master`,
              `t9`.`is_test`,
              `t9`.`place`,
              `t9`.`before`,
              `t9`.`stretch_1800`,
              `t9`.`stretch_3600`,
              `t9`.`stretch_7200`,
              `t9`.`bad`
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
                `t7`.`place`,
                `t7`.`before`,
                `t7`.`stretch_1800`,
                `t7`.`stretch_3600`,
                `t7`.`stretch_7200`,
                IF(`t7`.`exit_status` <> 0, 1, 0) AS `bad`
              FROM `t6` AS `t7`
              WHERE
                `t7`.`command` IN ('dev.down', 'dev.provision')
            ) AS `t9`
            INNER JOIN (
              SELECT DISTINCT
                `t7`.`user_id`,
                `t7`.`command`,
                `t7`.`stretch_7200`
              FROM `t6` AS `t7`
              WHERE
                `t7`.`command` IN ('dev.down', 'dev.provision')
                AND IF(`t7`.`exit_status` <> 0, 1, 0) = 1
            ) AS `t11`
              ON `t9`.`user_id` = `t11`.`user_id`
              AND `t9`.`command` = `t11`.`command`
              AND `t9`.`stretch_7200` = `t11`.`stretch_7200`
          ) AS `t12`
        ) AS `t13`
      ) AS `t14`
      GROUP BY
        1,
        2,
        3
    ) AS `t15`
    WHERE
      `t15`.`bad` > 0
  ) AS `t16`
  GROUP BY
    1,
    2
) AS `t17`
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
), `t12` AS (
  SELECT
    `t7`.`command`,
    `t7`.`user_id`,
    `t7`.`duration_ms`,
    `t7`.`exit_status`,
    `t7`.`start_s`,
    `t7`.`commit_s`,
    `t7`.`on_master`,
    `t7`.`is_test`,
    `t7`.`place`,
    IF((
      `t7`.`place` > 0
    ) AND (
      `t7`.`pause_s` <= 3600
    ), `t7`.`before`, '') AS `before`,
    SUM(IF((
      `t7`.`place` > 0
    ) AND (
      `t7`.`pause_s` > 1800
    ), 1, 0)) OVER (
      PARTITION BY `t7`.`user_id`
      ORDER BY `t7`.`start_s` ASC, `t7`.`duration_ms` ASC, `t7`.`exit_status` ASC, `t7`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_1800`,
    SUM(IF((
      `t7`.`place` > 0
    ) AND (
      `t7`.`pause_s` > 3600
    ), 1, 0)) OVER (
      PARTITION BY `t7`.`user_id`
      ORDER BY `t7`.`start_s` ASC, `t7`.`duration_ms` ASC, `t7`.`exit_status` ASC, `t7`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_3600`,
    SUM(IF((
      `t7`.`place` > 0
    ) AND (
      `t7`.`pause_s` > 7200
    ), 1, 0)) OVER (
      PARTITION BY `t7`.`user_id`
      ORDER BY `t7`.`start_s` ASC, `t7`.`duration_ms` ASC, `t7`.`exit_status` ASC, `t7`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_7200`
  FROM (
    SELECT
      `t5`.`command`,
      `t5`.`user_id`,
      `t5`.`duration_ms`,
      `t5`.`exit_status`,
      `t5`.`start_s`,
      `t5`.`commit_s`,
      `t5`.`on_master`,
      `t5`.`is_test`,
      `t5`.`end_s`,
      ROW_NUMBER() OVER (
        PARTITION BY `t5`.`user_id`
        ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ) - 1 AS `place`,
      `t5`.`start_s` - LAG(`t5`.`end_s`, 1) OVER (
        PARTITION BY `t5`.`user_id`
        ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ) AS `pause_s`,
      LAG(`t5`.`command`, 1) OVER (
        PARTITION BY `t5`.`user_id`
        ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ) AS `before`
    FROM (
      SELECT
        `t4`.`command`,
        `t4`.`user_id`,
        LEAST(
          `t4`.`duration_ms`,
          CASE WHEN `t4`.`command` = 'dev.provision' THEN 3600000 ELSE `t4`.`duration_ms` END
        ) AS `duration_ms`,
        `t4`.`exit_status`,
        `t4`.`start_s`,
        `t4`.`commit_s`,
        `t4`.`on_master`,
        `t4`.`is_test`,
        `t4`.`start_s` + CAST(FLOOR(
          ieee_divide(
            LEAST(
              `t4`.`duration_ms`,
              CASE WHEN `t4`.`command` = 'dev.provision' THEN 3600000 ELSE `t4`.`duration_ms` END
            ),
            1000
          )
        ) AS INT64) AS `end_s`
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
  ) AS `t7`
)
SELECT
  `t19`.`unit`,
  `t19`.`weeks`,
  COALESCE(`t27`.`command`, '') AS `command`,
  COALESCE(`t27`.`sessions`, 0) AS `sessions`,
  COALESCE(`t27`.`solved`, 0) AS `solved`,
  COALESCE(`t27`.`tries`, 0) AS `tries`,
  COALESCE(`t27`.`total_ms`, 0) AS `total_ms`
FROM (
  SELECT
    `t13`.`user_id`,
    `t13`.`weeks`,
    ROW_NUMBER() OVER (ORDER BY `t13`.`user_id` ASC) - 1 AS `unit`
  FROM (
    SELECT
      `t11`.`user_id`,
      COUNT(*) AS `weeks`
    FROM (
      SELECT DISTINCT
        `t10`.`user_id`,
        `t10`.`week`
      FROM (
        SELECT
          `t9`.*
          EXCEPT (`is_run`)
        FROM (
          SELECT
            *
          FROM (
            SELECT
              `t6`.`command`,
              `t6`.`user_id`,
              `t6`.`week`,
              `t6`.`is_run`,
              COUNT(*) AS `runs`,
              SUM(IF(`t6`.`exit_status` > 0, 1, 0)) AS `failed`,
              SUM(IF(`t6`.`exit_status` < 0, 1, 0)) AS `interrupted`,
              SUM(IF(`t6`.`exit_status` = 0, 1, 0)) AS `succeeded`,
              SUM(`t6`.`logarithm`) AS `logarithms`,
              SUM(`t6`.`duration_ms`) AS `total_ms`,
              SUM(`t6`.`cut`) AS `cut`,
              MIN(`t6`.`start_s`) AS `first_s`,
              MAX(`t6`.`start_s`) AS `last_s`
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
            ) AS `t6`
            GROUP BY
              1,
              2,
              3,
              4
          ) AS `t8`
          WHERE
            `t8`.`is_run`
        ) AS `t9`
      ) AS `t10`
    ) AS `t11`
    GROUP BY
      1
  ) AS `t13`
) AS `t19`
LEFT OUTER JOIN (
  SELECT
    `t25`.`user_id`,
    `t25`.`command`,
    COUNT(*) AS `sessions`,
    SUM(`t25`.`solved`) AS `solved`,
    SUM(`t25`.`tries` * `t25`.`solved`) AS `tries`,
    SUM(`t25`.`duration_ms`) AS `total_ms`
  FROM (
    SELECT
      `t24`.`user_id`,
      `t24`.`command`,
      `t24`.`tries`,
      CAST(FLOOR(ieee_divide(`t24`.`start_s` + 259200, 604800)) AS INT64) AS `week`,
      `t24`.`end_ms` - (
        `t24`.`start_s` * 1000
      ) AS `duration_ms`,
      `t24`.`tries` - `t24`.`bad` AS `solved`
    FROM (
      SELECT
        `t23`.`user_id`,
        `t23`.`command`,
        `t23`.`session_3600`,
        MIN(`t23`.`start_s`) AS `start_s`,
        MAX((
          `t23`.`start_s` * 1000
        ) + `t23`.`duration_ms`) AS `end_ms`,
        COUNT(*) AS `tries`,
        SUM(`t23`.`bad`) AS `bad`
      FROM (
        SELECT
          `t22`.`user_id`,
          `t22`.`command`,
          `t22`.`start_s`,
          `t22`.`duration_ms`,
          `t22`.`bad`,
          SUM(
            IF(
              (
                `t22`.`number` > 0
              )
              AND (
                `t22`.`after` = 1
              )
              AND (
                `t22`.`last_1800` = `t22`.`stretch_1800`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t22`.`user_id`, `t22`.`command`
            ORDER BY `t22`.`start_s` ASC, `t22`.`duration_ms` ASC, `t22`.`exit_status` ASC, `t22`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_1800`,
          SUM(
            IF(
              (
                `t22`.`number` > 0
              )
              AND (
                `t22`.`after` = 1
              )
              AND (
                `t22`.`last_3600` = `t22`.`stretch_3600`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t22`.`user_id`, `t22`.`command`
            ORDER BY `t22`.`start_s` ASC, `t22`.`duration_ms` ASC, `t22`.`exit_status` ASC, `t22`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_3600`,
          SUM(
            IF(
              (
                `t22`.`number` > 0
              )
              AND (
                `t22`.`after` = 1
              )
              AND (
                `t22`.`last_7200` = `t22`.`stretch_7200`
              ),
              0,
              1
            )
          ) OVER (
            PARTITION BY `t22`.`user_id`, `t22`.`command`
            ORDER BY `t22`.`start_s` ASC, `t22`.`duration_ms` ASC, `t22`.`exit_status` ASC, `t22`.`command` ASC
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
          ) AS `session_7200`
        FROM (
          SELECT
            `t21`.`command`,
            `t21`.`user_id`,
            `t21`.`duration_ms`,
            `t21`.`exit_status`,
            `t21`.`start_s`,
            `t21`.`commit_s`,
            `t21`.`on_master`,
            `t21`.`is_test`,
            `t21`.`place`,
            `t21`.`before`,
            `t21`.`stretch_1800`,
            `t21`.`stretch_3600`,
            `t21`.`stretch_7200`,
            `t21`.`bad`,
            ROW_NUMBER() OVER (
              PARTITION BY `t21`.`user_id`, `t21`.`command`
              ORDER BY `t21`.`start_s` ASC, `t21`.`duration_ms` ASC, `t21`.`exit_status` ASC, `t21`.`command` ASC
            ) - 1 AS `number`,
            LAG(`t21`.`bad`, 1) OVER (
              PARTITION BY `t21`.`user_id`, `t21`.`command`
              ORDER BY `t21`.`start_s` ASC, `t21`.`duration_ms` ASC, `t21`.`exit_status` ASC, `t21`.`command` ASC
            ) AS `after`,
            LAG(`t21`.`stretch_1800`, 1) OVER (
              PARTITION BY `t21`.`user_id`, `t21`.`command`
              ORDER BY `t21`.`start_s` ASC, `t21`.`duration_ms` ASC, `t21`.`exit_status` ASC, `t21`.`command` ASC
            ) AS `last_1800`,
            LAG(`t21`.`stretch_3600`, 1) OVER (
              PARTITION BY `t21`.`user_id`, `t21`.`command`
              ORDER BY `t21`.`start_s` ASC, `t21`.`duration_ms` ASC, `t21`.`exit_status` ASC, `t21`.`command` ASC
            ) AS `last_3600`,
            LAG(`t21`.`stretch_7200`, 1) OVER (
              PARTITION BY `t21`.`user_id`, `t21`.`command`
              ORDER BY `t21`.`start_s` ASC, `t21`.`duration_ms` ASC, `t21`.`exit_status` ASC, `t21`.`command` ASC
            ) AS `last_7200`
          FROM (
            SELECT
              `t17`.`command`,
              `t17`.`user_id`,
              `t17`.`duration_ms`,
              `t17`.`exit_status`,
              `t17`.`start_s`,
              `t17`.`commit_s`,
              `t17`.`on_master`,
              `t17`.`is_test`,
              `t17`.`place`,
              `t17`.`before`,
              `t17`.`stretch_1800`,
              `t17`.`stretch_3600`,
              `t17`.`stretch_7200`,
              `t17`.`bad`
            FROM (
              SELECT
                `t14`.`command`,
                `t14`.`user_id`,
                `t14`.`duration_ms`,
                `t14`.`exit_status`,
                `t14`.`start_s`,
                `t14`.`commit_s`,
                `t14`.`on_master`,
                `t14`.`is_test`,
                `t14`.`place`,
                `t14`.`before`,
                `t14`.`stretch_1800`,
                `t14`.`stretch_3600`,
                `t14`.`stretch_7200`,
                IF(`t14`.`exit_status` <> 0, 1, 0) AS `bad`
              FROM `t12` AS `t14`
              WHERE
                `t14`.`command` IN ('dev.down', 'dev.provision')
            ) AS `t17`
            INNER JOIN (
              SELECT DISTINCT
                `t14`.`user_id`,
                `t14`.`command`,
                `t14`.`stretch_7200`
              FROM `t12` AS `t14`
              WHERE
                `t14`.`command` IN ('dev.down', 'dev.provision')
                AND IF(`t14`.`exit_status` <> 0, 1, 0) = 1
            ) AS `t20`
              ON `t17`.`user_id` = `t20`.`user_id`
              AND `t17`.`command` = `t20`.`command`
              AND `t17`.`stretch_7200` = `t20`.`stretch_7200`
          ) AS `t21`
        ) AS `t22`
      ) AS `t23`
      GROUP BY
        1,
        2,
        3
    ) AS `t24`
    WHERE
      `t24`.`bad` > 0
  ) AS `t25`
  GROUP BY
    1,
    2
) AS `t27`
  ON `t19`.`user_id` = `t27`.`user_id`;

-- pairs
SELECT
  `t11`.*
  EXCEPT (`user_id`)
FROM (
  SELECT
    `t10`.`user_id`,
    `t10`.`before`,
    `t10`.`times`,
    `t10`.`observed_0`,
    `t10`.`observed_1`,
    `t10`.`expected_0`,
    `t10`.`expected_1`,
    DENSE_RANK() OVER (ORDER BY `t10`.`user_id` ASC) - 1 AS `unit`
  FROM (
    SELECT
      `t9`.`user_id`,
      `t9`.`before`,
      SUM(`t9`.`runs`) AS `times`,
      SUM(`t9`.`observed_0`) AS `observed_0`,
      SUM(`t9`.`observed_1`) AS `observed_1`,
      SUM(
        CAST(FLOOR(
          ieee_divide(
            `t9`.`runs` * (
              `t9`.`there_0` - IF(`t9`.`before` = 'dev.down', 1, 0)
            ) * 1000000,
            `t9`.`others`
          )
        ) AS INT64)
      ) AS `expected_0`,
      SUM(
        CAST(FLOOR(
          ieee_divide(
            `t9`.`runs` * (
              `t9`.`there_1` - IF(`t9`.`before` = 'dev.provision', 1, 0)
            ) * 1000000,
            `t9`.`others`
          )
        ) AS INT64)
      ) AS `expected_1`
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t7`.`user_id`,
          `t7`.`stretch_3600`,
          `t7`.`before`,
          MIN(`t7`.`week`) OVER (
            PARTITION BY `t7`.`user_id`, `t7`.`stretch_3600`
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) AS `week`,
          `t7`.`runs`,
          `t7`.`observed_0`,
          `t7`.`observed_1`,
          SUM(`t7`.`runs`) OVER (
            PARTITION BY `t7`.`user_id`, `t7`.`stretch_3600`
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) - 1 AS `others`,
          SUM(`t7`.`observed_0`) OVER (
            PARTITION BY `t7`.`user_id`, `t7`.`stretch_3600`
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) AS `there_0`,
          SUM(`t7`.`observed_1`) OVER (
            PARTITION BY `t7`.`user_id`, `t7`.`stretch_3600`
            ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING
          ) AS `there_1`
        FROM (
          SELECT
            `t6`.`user_id`,
            `t6`.`stretch_3600`,
            `t6`.`before`,
            MIN(CAST(FLOOR(ieee_divide(`t6`.`start_s` + 259200, 604800)) AS INT64)) AS `week`,
            COUNT(*) AS `runs`,
            SUM(IF(`t6`.`command` = 'dev.down', 1, 0)) AS `observed_0`,
            SUM(IF(`t6`.`command` = 'dev.provision', 1, 0)) AS `observed_1`
          FROM (
            SELECT
              `t5`.`command`,
              `t5`.`user_id`,
              `t5`.`duration_ms`,
              `t5`.`exit_status`,
              `t5`.`start_s`,
              `t5`.`commit_s`,
              `t5`.`on_master`,
              `t5`.`is_test`,
              `t5`.`place`,
              IF((
                `t5`.`place` > 0
              ) AND (
                `t5`.`pause_s` <= 3600
              ), `t5`.`before`, '') AS `before`,
              SUM(IF((
                `t5`.`place` > 0
              ) AND (
                `t5`.`pause_s` > 1800
              ), 1, 0)) OVER (
                PARTITION BY `t5`.`user_id`
                ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
              ) AS `stretch_1800`,
              SUM(IF((
                `t5`.`place` > 0
              ) AND (
                `t5`.`pause_s` > 3600
              ), 1, 0)) OVER (
                PARTITION BY `t5`.`user_id`
                ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
              ) AS `stretch_3600`,
              SUM(IF((
                `t5`.`place` > 0
              ) AND (
                `t5`.`pause_s` > 7200
              ), 1, 0)) OVER (
                PARTITION BY `t5`.`user_id`
                ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
                ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
              ) AS `stretch_7200`
            FROM (
              SELECT
                `t4`.`command`,
                `t4`.`user_id`,
                `t4`.`duration_ms`,
                `t4`.`exit_status`,
                `t4`.`start_s`,
                `t4`.`commit_s`,
                `t4`.`on_master`,
                `t4`.`is_test`,
                `t4`.`end_s`,
                ROW_NUMBER() OVER (
                  PARTITION BY `t4`.`user_id`
                  ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
                ) - 1 AS `place`,
                `t4`.`start_s` - LAG(`t4`.`end_s`, 1) OVER (
                  PARTITION BY `t4`.`user_id`
                  ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
                ) AS `pause_s`,
                LAG(`t4`.`command`, 1) OVER (
                  PARTITION BY `t4`.`user_id`
                  ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
                ) AS `before`
              FROM (
                SELECT
                  `t3`.`command`,
                  `t3`.`user_id`,
                  LEAST(
                    `t3`.`duration_ms`,
                    CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
                  ) AS `duration_ms`,
                  `t3`.`exit_status`,
                  `t3`.`start_s`,
                  `t3`.`commit_s`,
                  `t3`.`on_master`,
                  `t3`.`is_test`,
                  `t3`.`start_s` + CAST(FLOOR(
                    ieee_divide(
                      LEAST(
                        `t3`.`duration_ms`,
                        CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
                      ),
                      1000
                    )
                  ) AS INT64) AS `end_s`
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
            ) AS `t5`
          ) AS `t6`
          GROUP BY
            1,
            2,
            3
        ) AS `t7`
      ) AS `t8`
      WHERE
        `t8`.`before` IN ('dev.down', 'dev.provision') AND `t8`.`others` > 1
    ) AS `t9`
    GROUP BY
      1,
      2
  ) AS `t10`
) AS `t11`;

-- paths
WITH `t6` AS (
  SELECT
    `t5`.`command`,
    `t5`.`user_id`,
    `t5`.`duration_ms`,
    `t5`.`exit_status`,
    `t5`.`start_s`,
    `t5`.`commit_s`,
    `t5`.`on_master`,
    `t5`.`is_test`,
    `t5`.`place`,
    IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` <= 3600
    ), `t5`.`before`, '') AS `before`,
    SUM(IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` > 1800
    ), 1, 0)) OVER (
      PARTITION BY `t5`.`user_id`
      ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_1800`,
    SUM(IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` > 3600
    ), 1, 0)) OVER (
      PARTITION BY `t5`.`user_id`
      ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_3600`,
    SUM(IF((
      `t5`.`place` > 0
    ) AND (
      `t5`.`pause_s` > 7200
    ), 1, 0)) OVER (
      PARTITION BY `t5`.`user_id`
      ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
      ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
    ) AS `stretch_7200`
  FROM (
    SELECT
      `t4`.`command`,
      `t4`.`user_id`,
      `t4`.`duration_ms`,
      `t4`.`exit_status`,
      `t4`.`start_s`,
      `t4`.`commit_s`,
      `t4`.`on_master`,
      `t4`.`is_test`,
      `t4`.`end_s`,
      ROW_NUMBER() OVER (
        PARTITION BY `t4`.`user_id`
        ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
      ) - 1 AS `place`,
      `t4`.`start_s` - LAG(`t4`.`end_s`, 1) OVER (
        PARTITION BY `t4`.`user_id`
        ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
      ) AS `pause_s`,
      LAG(`t4`.`command`, 1) OVER (
        PARTITION BY `t4`.`user_id`
        ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
      ) AS `before`
    FROM (
      SELECT
        `t3`.`command`,
        `t3`.`user_id`,
        LEAST(
          `t3`.`duration_ms`,
          CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
        ) AS `duration_ms`,
        `t3`.`exit_status`,
        `t3`.`start_s`,
        `t3`.`commit_s`,
        `t3`.`on_master`,
        `t3`.`is_test`,
        `t3`.`start_s` + CAST(FLOOR(
          ieee_divide(
            LEAST(
              `t3`.`duration_ms`,
              CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
            ),
            1000
          )
        ) AS INT64) AS `end_s`
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
  ) AS `t5`
)
SELECT
  `t18`.`c0`,
  `t18`.`c1`,
  `t18`.`c2`,
  `t18`.`c3`,
  COUNT(*) AS `people`,
  SUM(`t18`.`days`) AS `days`
FROM (
  SELECT
    `t17`.`c0`,
    `t17`.`c1`,
    `t17`.`c2`,
    `t17`.`c3`,
    `t17`.`user_id`,
    COUNT(*) AS `days`
  FROM (
    SELECT DISTINCT
      *
    FROM (
      SELECT
        *
      FROM (
        SELECT
          `t11`.`user_id`,
          `t11`.`day`,
          `t11`.`before` AS `c0`,
          `t11`.`command` AS `c1`,
          `t12`.`c2`,
          '' AS `c3`
        FROM (
          SELECT
            `t7`.`user_id`,
            `t7`.`place`,
            `t7`.`before`,
            `t7`.`command`,
            CAST(FLOOR(ieee_divide(`t7`.`start_s`, 86400)) AS INT64) AS `day`
          FROM `t6` AS `t7`
          WHERE
            (
              (
                `t7`.`before` = 'dev.down'
              ) AND (
                `t7`.`command` = 'dev.provision'
              )
            )
            OR (
              (
                `t7`.`before` = 'dev.provision'
              ) AND (
                `t7`.`command` = 'dev.up.lms'
              )
            )
        ) AS `t11`
        INNER JOIN (
          SELECT
            `t7`.`user_id`,
            `t7`.`command` AS `c2`,
            `t7`.`place` - 1 AS `place`
          FROM `t6` AS `t7`
          WHERE
            (
              (
                `t7`.`before` = 'dev.down'
              ) AND (
                `t7`.`command` = 'dev.provision'
              )
            )
            OR (
              (
                `t7`.`before` = 'dev.provision'
              ) AND (
                `t7`.`command` = 'dev.up.lms'
              )
            )
        ) AS `t12`
          ON `t11`.`user_id` = `t12`.`user_id` AND `t11`.`place` = `t12`.`place`
      ) AS `t14`
      UNION ALL
      SELECT
        *
      FROM (
        SELECT
          `t11`.`user_id`,
          `t11`.`day`,
          `t11`.`before` AS `c0`,
          `t11`.`command` AS `c1`,
          `t12`.`c2`,
          `t13`.`c3`
        FROM (
          SELECT
            `t7`.`user_id`,
            `t7`.`place`,
            `t7`.`before`,
            `t7`.`command`,
            CAST(FLOOR(ieee_divide(`t7`.`start_s`, 86400)) AS INT64) AS `day`
          FROM `t6` AS `t7`
          WHERE
            (
              (
                `t7`.`before` = 'dev.down'
              ) AND (
                `t7`.`command` = 'dev.provision'
              )
            )
            OR (
              (
                `t7`.`before` = 'dev.provision'
              ) AND (
                `t7`.`command` = 'dev.up.lms'
              )
            )
        ) AS `t11`
        INNER JOIN (
          SELECT
            `t7`.`user_id`,
            `t7`.`command` AS `c2`,
            `t7`.`place` - 1 AS `place`
          FROM `t6` AS `t7`
          WHERE
            (
              (
                `t7`.`before` = 'dev.down'
              ) AND (
                `t7`.`command` = 'dev.provision'
              )
            )
            OR (
              (
                `t7`.`before` = 'dev.provision'
              ) AND (
                `t7`.`command` = 'dev.up.lms'
              )
            )
        ) AS `t12`
          ON `t11`.`user_id` = `t12`.`user_id` AND `t11`.`place` = `t12`.`place`
        INNER JOIN (
          SELECT
            `t7`.`user_id`,
            `t7`.`command` AS `c3`,
            `t7`.`place` - 2 AS `place`
          FROM `t6` AS `t7`
          WHERE
            (
              (
                `t7`.`before` = 'dev.down'
              ) AND (
                `t7`.`command` = 'dev.provision'
              )
            )
            OR (
              (
                `t7`.`before` = 'dev.provision'
              ) AND (
                `t7`.`command` = 'dev.up.lms'
              )
            )
        ) AS `t13`
          ON `t11`.`user_id` = `t13`.`user_id` AND `t11`.`place` = `t13`.`place`
      ) AS `t15`
    ) AS `t16`
  ) AS `t17`
  GROUP BY
    1,
    2,
    3,
    4,
    5
) AS `t18`
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
    `t6`.`user_id`,
    CAST(FLOOR(ieee_divide(`t6`.`start_s`, 86400)) AS INT64) AS `day`
  FROM (
    SELECT
      `t5`.`command`,
      `t5`.`user_id`,
      `t5`.`duration_ms`,
      `t5`.`exit_status`,
      `t5`.`start_s`,
      `t5`.`commit_s`,
      `t5`.`on_master`,
      `t5`.`is_test`,
      `t5`.`place`,
      IF((
        `t5`.`place` > 0
      ) AND (
        `t5`.`pause_s` <= 3600
      ), `t5`.`before`, '') AS `before`,
      SUM(IF((
        `t5`.`place` > 0
      ) AND (
        `t5`.`pause_s` > 1800
      ), 1, 0)) OVER (
        PARTITION BY `t5`.`user_id`
        ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `stretch_1800`,
      SUM(IF((
        `t5`.`place` > 0
      ) AND (
        `t5`.`pause_s` > 3600
      ), 1, 0)) OVER (
        PARTITION BY `t5`.`user_id`
        ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `stretch_3600`,
      SUM(IF((
        `t5`.`place` > 0
      ) AND (
        `t5`.`pause_s` > 7200
      ), 1, 0)) OVER (
        PARTITION BY `t5`.`user_id`
        ORDER BY `t5`.`start_s` ASC, `t5`.`duration_ms` ASC, `t5`.`exit_status` ASC, `t5`.`command` ASC
        ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
      ) AS `stretch_7200`
    FROM (
      SELECT
        `t4`.`command`,
        `t4`.`user_id`,
        `t4`.`duration_ms`,
        `t4`.`exit_status`,
        `t4`.`start_s`,
        `t4`.`commit_s`,
        `t4`.`on_master`,
        `t4`.`is_test`,
        `t4`.`end_s`,
        ROW_NUMBER() OVER (
          PARTITION BY `t4`.`user_id`
          ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
        ) - 1 AS `place`,
        `t4`.`start_s` - LAG(`t4`.`end_s`, 1) OVER (
          PARTITION BY `t4`.`user_id`
          ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
        ) AS `pause_s`,
        LAG(`t4`.`command`, 1) OVER (
          PARTITION BY `t4`.`user_id`
          ORDER BY `t4`.`start_s` ASC, `t4`.`duration_ms` ASC, `t4`.`exit_status` ASC, `t4`.`command` ASC
        ) AS `before`
      FROM (
        SELECT
          `t3`.`command`,
          `t3`.`user_id`,
          LEAST(
            `t3`.`duration_ms`,
            CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
          ) AS `duration_ms`,
          `t3`.`exit_status`,
          `t3`.`start_s`,
          `t3`.`commit_s`,
          `t3`.`on_master`,
          `t3`.`is_test`,
          `t3`.`start_s` + CAST(FLOOR(
            ieee_divide(
              LEAST(
                `t3`.`duration_ms`,
                CASE WHEN `t3`.`command` = 'dev.provision' THEN 3600000 ELSE `t3`.`duration_ms` END
              ),
              1000
            )
          ) AS INT64) AS `end_s`
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
    ) AS `t5`
  ) AS `t6`
) AS `t7`;

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

