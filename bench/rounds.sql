-- Measures the steps of a part, from round :first to round :rounds, and then deletes the steps.
-- Round 0 only warms up. Each round begins with another step.

\o /dev/null
SELECT prepare, vacuum, 'CHECKPOINT', 'SELECT bench.start()', statement,
       format('SELECT bench.stop(%L, %s, %s)', :'part', n, round),
       'SELECT bench.expect((' || test || '), ' || quote_literal(variant || ': ' || test) || ')'
FROM (SELECT *, row_number() OVER (ORDER BY n) AS position, count(*) OVER () AS steps
      FROM bench.step) AS step,
     generate_series(:first, :rounds) AS round
ORDER BY round, (position + round) % steps
\gexec
\o
DELETE FROM bench.measure WHERE round = 0;
DELETE FROM bench.step;
