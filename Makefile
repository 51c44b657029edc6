# doc_extractor: building, installing and testing.
#
# make, make install, make installcheck, make clean: the usual PGXS targets.
# make loader, install-loader: the client program, which needs libraries of its own.
# make install-router: the extensions for many servers, which need PL/Proxy to run.
# make demo, bench, soak, check, check-long, check-versions, check-upgrade, check-newcomer,
# check-valgrind, check-ubsan, check-sql: the workbench; needs nothing but Debian, git and make.

EXTENSION = doc_extractor
MODULE_big = $(EXTENSION)
OBJS = $(patsubst %.c,%.o,$(sort $(wildcard src/*.c src/*/*.c)))
DATA_built = $(EXTENSION)--unpackaged--1.0.sql
DATA = $(filter-out $(DATA_built),$(sort $(wildcard $(EXTENSION)--*.sql)))

# SQL tests and isolation specs share expected/, so their names must differ.
REGRESS = $(sort $(basename $(notdir $(wildcard test/sql/*.sql))))
REGRESS_OPTS = --inputdir=test --outputdir=.
ISOLATION = $(sort $(basename $(notdir $(wildcard test/specs/*.spec))))
ISOLATION_OPTS = --inputdir=test --outputdir=.

# The server's own headers have unused parameters.
PG_CFLAGS += -Wall -Wextra -Wno-unused-parameter

# Our functions must not be taken for another library's of the same name.
SHLIB_LINK += -Wl,-Bsymbolic

# Only the workbench asks for this: a new compiler's new warning must not fail a user's build.
ifdef WERROR
PG_CFLAGS += -Werror
endif

# Workbench targets install PostgreSQL if it is missing, so make must get here without it.
# PGXS stays out for another reason too: its own check target tests nothing and succeeds.
WORKBENCH = demo bench soak check check-long check-versions check-upgrade check-newcomer \
	check-valgrind check-ubsan check-sql
ifneq ($(filter $(WORKBENCH),$(MAKECMDGOALS)),)

demo:
	@FOR_LOADER=1 tools/sandbox.sh demo/demo.sh

check:
	@FOR_TESTS=1 tools/sandbox.sh tools/check.sh

# As check, with more rounds of the tests that meet chance.
check-long:
	@LONG=1 FOR_TESTS=1 NEEDS=sqlsmith tools/sandbox.sh tools/check.sh

# One long load, and what becomes of the sessions' memory.
soak:
	@FOR_TESTS=1 tools/sandbox.sh tools/soak.sh

check-versions:
	@tools/versions.sh make check

check-upgrade: export OLD ?= 15
check-upgrade: export VERSIONS ?= 17 18 19
check-upgrade:
	@tools/versions.sh tools/upgrade.sh

# demo and check, as README.md has them, in Debians that have nothing installed for them.
check-newcomer:
	@tools/newcomer.sh

check-valgrind:
	@FOR_TESTS=1 NEEDS=valgrind tools/sandbox.sh tools/valgrind.sh

# With the assertions in our code, too; the server is a build without. In such a build gcc warns of
# null pointers where none can be.
check-ubsan:
	@FOR_TESTS=1 COPT="-fsanitize=undefined -DUSE_ASSERT_CHECKING -Wno-nonnull" \
		tools/sandbox.sh tools/ubsan.sh

# As check, but all tables are written as those that users have changed.
check-sql:
	@FOR_TESTS=1 COPT=-DWRITE_BY_SQL=true tools/sandbox.sh tools/by_sql.sh

bench:
	@FOR_LOADER=1 FOR_BENCH=1 tools/sandbox.sh bench/bench.sh

# Goals that stand beside a workbench target on the command line.
OTHERS = $(filter-out $(WORKBENCH),$(MAKECMDGOALS))
$(OTHERS):
	@$(MAKE) $@

.PHONY: $(WORKBENCH) $(OTHERS)

else

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
VERIFY = src/sql/verify
EXTRA_CLEAN = src/lib/condition_names.h $(VERIFY)_checks.h src/sql/widen_queries.h \
	loader/doc_extractor $(patsubst %.c,%.o,$(wildcard loader/*.c))
include $(PGXS)

# The client program.
loader:
	$(MAKE) -C loader
install-loader: loader
	$(MAKE) -C loader install

# The router is SQL only: there is nothing to build.
router:
	$(MAKE) -C router
install-router: router
	$(MAKE) -C router install
.PHONY: loader install-loader router install-router

# The script that adopts V001's tables stands alone, but repeats the end of the script of 1.0.
$(DATA_built): $(EXTENSION)--1.0.sql sql/$(DATA_built).in sql/adoption.awk
	awk -f sql/adoption.awk $(EXTENSION)--1.0.sql sql/$@.in >$@

# The server has no function that names an SQLSTATE. Its header does, with other names than PL/pgSQL's
# for a few, and two for others.
src/lib/condition_names.h: $(includedir_server)/utils/errcodes.h
	awk '/^#define ERRCODE_(UNDEFINED_(PSTATEMENT|CURSOR|DATABASE|SCHEMA)|DATETIME_VALUE_OUT_OF_RANGE) / { next } \
		/^#define ERRCODE_/ { name = tolower(substr($$2, 9)); \
		sub(/^l_e_invalid/, "invalid_locator", name); \
		sub(/^s_e_invalid/, "invalid_savepoint", name); \
		sub(/^t_r_integrity/, "transaction_integrity", name); \
		sub(/^(warning|l_e|s_r_e|e_r_e|e_r_i_e|s_e|t_r)_/, "", name); \
		sub(/_(ntile|nth_value)$$/, "&_function", name); \
		sub(/_log$$/, "_logarithm", name); \
		sub(/_pstatement/, "_prepared_statement", name); \
		sub(/^#define [^ ]* /, ""); print "{" $$0 ", \"" name "\"}," }' $< >$@
src/lib/condition.o src/lib/condition.bc: src/lib/condition_names.h

# The checks of doc_extractor_verify() are SQL in files of their own; C has them as strings.
$(VERIFY)_checks.h: $(VERIFY)_checks.awk $(VERIFY)_schema.sql $(VERIFY)_dumps.sql \
		$(VERIFY)_data.sql $(VERIFY)_locations.sql
	awk -f $^ >$@
$(VERIFY).o $(VERIFY).bc: $(VERIFY)_checks.h

# So are the queries of doc_extractor_widen().
src/sql/widen_queries.h: src/sql/queries.awk src/sql/widen.sql
	awk -f $^ >$@
src/sql/type_change.o src/sql/type_change.bc: src/sql/widen_queries.h

$(OBJS) $(OBJS:.o=.bc): $(wildcard src/*.h src/*/*.h)

endif
