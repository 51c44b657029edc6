-- Prints the figures of the part :part, and divides each variant's median by that of the variant
-- :base.

SELECT result.workload, result.variant, round(result.median::numeric, 2) AS "µs per document",
       round(result.min::numeric, 2) AS min, round(result.max::numeric, 2) AS max,
       round(1000000 / result.median) AS "documents/s",
       round((result.median / base.median)::numeric, 2) AS :"heading"
FROM bench.result LEFT JOIN bench.result AS base
     ON base.part = result.part AND base.workload = result.workload AND base.variant = :'base'
WHERE result.part = :'part'
ORDER BY min(result.n) OVER (PARTITION BY result.workload), result.workload, result.n,
         result.variant;
