-- Prints the targets of the parts that were measured, and whether they hold. One without another
-- variant bounds the figure itself.

\pset footer off
SELECT EXISTS (SELECT FROM bench.target) AS has_targets
\gset
\if :has_targets
\echo
\echo 'Targets: ratios of medians'
SELECT target.part, target.workload, target.target,
       round((min(ours.median) / coalesce(other.median, 1))::numeric, 2) AS ratio,
       target.at_most AS "at most",
       CASE WHEN min(ours.median) / coalesce(other.median, 1) <= target.at_most THEN 'holds'
            ELSE 'missed' END AS verdict
FROM bench.target
JOIN bench.result AS ours ON ours.part = target.part AND ours.workload = target.workload
     AND ours.variant = ANY (target.ours)
LEFT JOIN bench.result AS other ON other.part = target.part AND other.workload = target.workload
     AND other.variant = target.other
GROUP BY target.n, target.part, target.workload, target.target, target.at_most, other.median
ORDER BY target.n;
\endif
