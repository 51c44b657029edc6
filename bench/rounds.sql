-- Measures the steps of a part, :rounds times from round :first on, where 0 is for warming up; each
-- round begins with another step. Then forgets the steps.

\o /dev/null
SELECT prepare, vacuum, 'CHECKPOINT', 'SELECT bench.start()', statement,
       format('SELECT bench.stop(%L, %s, %s)', :'part', n, round),
       'SELECT bench.expect((' || test || '), ' || quote_literal(variant || ': ' || test) || ')'
FROM (SELECT *, row_number() OVER (ORDER BY n) AS place, count(*) OVER () AS places
      FROM bench.step) AS step,
     generate_series(:first, :rounds) AS round
ORDER BY round, (place + round) % places
\gexec
\o
DELETE FROM bench.measure WHERE round = 0;
DELETE FROM bench.step;
