/*
 * extract_gzip.c
 *		gzip files of anything that has an extractor.
 */
#include <string.h>
#include <zlib.h>

#include "extractors.h"
#include "signature.h"

/* A small file must not unpack without end. */
#define MAX_UNPACKED ((size_t) 256 << 20)

static void
EndInflate(void *stream)
{
	inflateEnd(stream);
}

/* Unpacks all members of a gzip file. */
static void
Unpack(Job *job, Buffer *to, z_stream *stream, const unsigned char *data, size_t size)
{
	int			result = Z_OK;

	while (size > 0 || result == Z_OK)
	{
		size_t		step = size < (1 << 20) ? size : 1 << 20;

		Reserve(job, to, 65536);
		stream->next_in = (unsigned char *) data;
		stream->avail_in = (uInt) step;
		stream->next_out = (unsigned char *) to->data + to->length;
		stream->avail_out =
			(uInt) (to->capacity - to->length < 1 << 24 ? to->capacity - to->length : 1 << 24);
		result = inflate(stream, Z_NO_FLUSH);
		to->length = (size_t) ((char *) stream->next_out - to->data);
		size -= step - stream->avail_in;
		data = stream->next_in;
		if (to->length > MAX_UNPACKED)
			FailJob(job, EXTRACTION_TOO_LARGE, "the gzip file unpacks to more than %zu MB",
				   MAX_UNPACKED >> 20);
		if (result == Z_MEM_ERROR)
			FailJob(job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
		if (result == Z_STREAM_END)
		{
			/* Another member may follow; zeros and other bytes after the last are padding. */
			if (size < 2 || data[0] != 0x1F || data[1] != 0x8B || inflateReset(stream) != Z_OK)
				return;
			result = Z_OK;
		}
		else if (result != Z_OK)
			FailJob(job, EXTRACTION_FAILED, "could not unpack the gzip file: %s",
				   stream->msg ? stream->msg : "it ends too early");
	}
}

/* Returns the type of what was in a gzip file; its name is unknown. */
static const char *
TypeOfUnpacked(const Buffer *unpacked)
{
	const unsigned char *data = (const unsigned char *) unpacked->data;
	Source		source = {.fd = -1,.data = data,.size = unpacked->length};
	Bytes		bytes = DetectBytes(data, unpacked->length < 4096 ? unpacked->length : 4096);

	if (bytes.type != NULL && strcmp(bytes.type, "application/zip") == 0)
		return DetectZip(&source);
	/* Drawings and other XML files are text. */
	if (bytes.certainty == CERTAINTY_MARKUP && FamilyOf(bytes.type) == FAMILY_UNKNOWN)
		return "text/plain";
	return bytes.type;
}

/* Reads a gzip file. */
void
ExtractGzip(Job *job, const unsigned char *data, size_t size)
{
	z_stream   *stream;
	Buffer		unpacked = {0};
	const char *type;
	Family		family;

	if (++job->depth > MAX_NESTED_FILES)
		FailJob(job, EXTRACTION_FAILED, "the file is nested too deep");
	/* Not on the stack: its cleanup may run after this function. */
	stream = Allocate(job, sizeof(*stream));
	memset(stream, 0, sizeof(*stream));
	/* 16 means gzip. */
	if (inflateInit2(stream, MAX_WBITS + 16) != Z_OK)
		FailJob(job, EXTRACTION_TOO_LARGE, "the file needs more memory than is allowed");
	PushCleanup(job, EndInflate, stream);
	Unpack(job, &unpacked, stream, data, size);
	PopCleanup(job);
	if (unpacked.length == 0)
		FailJob(job, EXTRACTION_NO_TEXT, "the gzip file is empty");
	type = TypeOfUnpacked(&unpacked);
	family = type ? FamilyOf(type) : FAMILY_NONE;
	if (family == FAMILY_NONE || family == FAMILY_UNKNOWN)
		FailJob(job, EXTRACTION_UNSUPPORTED, "no extractor takes what is in the gzip file");
	AddMetadata(job, "unpacked_type", type);
	ExtractorOf(family) (job, (const unsigned char *) unpacked.data, unpacked.length);
	Release(job, unpacked.data);
}
