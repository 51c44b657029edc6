# Types, texts and the sandbox of doc_extractor: the objects, and programs that test them alone.
#
# make -f extract.mk test_extract: shows what the extractors make of files.
# make -f extract.mk fuzz_extract: the fuzzer; see fuzz_extract.c. Needs clang.

EXTRACTOR_OBJS = job.o metadata.o utf8.o text_encoding.o detect_encoding.o family.o signature.o \
	zip_type.o command.o xml.o package.o office.o sheet_dates.o mail_header.o mail_encoding.o \
	extract_text.o extract_html.o extract_word.o extract_sheet.o extract_slides.o extract_open.o \
	extract_book.o extract_mail.o extract_pdf.o extract_gzip.o sandbox.o landlock.o seccomp.o
EXTRACT_OBJS = extract.o plain_text.o result.o json.o type.o spawn.o pass_fds.o child.o \
	$(EXTRACTOR_OBJS)

EXTRACT_PACKAGES = gio-2.0 libarchive libxml-2.0 zlib
EXTRACT_CPPFLAGS = -D_GNU_SOURCE $(shell pkg-config --cflags $(EXTRACT_PACKAGES))
EXTRACT_LIBS = $(shell pkg-config --libs $(EXTRACT_PACKAGES)) -lpthread

# On their own, without PGXS.
ifeq ($(notdir $(firstword $(MAKEFILE_LIST))),extract.mk)
CFLAGS ?= -g -O2
override CFLAGS += -std=gnu11 -Wall -Wextra $(COPT)
override CPPFLAGS += $(EXTRACT_CPPFLAGS)
test_extract: test_extract.o $(EXTRACT_OBJS)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(EXTRACT_LIBS)
# As on a kernel without seccomp
test_extract_unfiltered: test_extract.o $(EXTRACT_OBJS)
	$(CC) $(CFLAGS) $(CPPFLAGS) -DWITHOUT_SECCOMP $(LDFLAGS) -o $@ $(filter-out seccomp.o,$^) seccomp.c \
		$(EXTRACT_LIBS)
test_sandbox: test_sandbox.o sandbox.o landlock.o seccomp.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^
test_extract.o test_sandbox.o $(EXTRACT_OBJS): $(wildcard *.h)

# In a folder of their own, as their objects differ.
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=undefined
test_extract_sanitized: $(wildcard *.c *.h)
	$(CC) -g -O1 -std=gnu11 $(CPPFLAGS) $(SANITIZE) -o $@ \
		$(patsubst %.o,%.c,test_extract.o $(EXTRACT_OBJS)) $(EXTRACT_LIBS)
fuzz_extract: $(wildcard *.c *.h)
	clang -g -O1 -std=gnu11 $(CPPFLAGS) -fsanitize=fuzzer $(SANITIZE) -o $@ \
		$(patsubst %.o,%.c,fuzz_extract.o json.o $(EXTRACTOR_OBJS)) $(EXTRACT_LIBS)

clean:
	rm -f test_extract test_extract_unfiltered test_extract_sanitized test_sandbox fuzz_extract \
		test_extract.o test_sandbox.o $(EXTRACT_OBJS)
.PHONY: clean
endif
