/*
 * extract_mail.c
 *		E-mail: the header's fields as metadata, the text, the names of
 *		attachments.
 */
#include <string.h>
#include <strings.h>

#include "text_encoding.h"
#include "extractors.h"
#include "mail.h"

/* Parts of a hostile message can be many. */
#define MAX_PARTS 10000

typedef struct Mail
{
	Job		   *job;
	unsigned	parts;
	unsigned	depth;
	bool		encrypted;
} Mail;

static void ReadPart(Mail *mail, const char *data, size_t length, bool is_message);

/* Returns whether a value starts with a word, in whatever case. */
static bool
StartsWith(const char *value, const char *word)
{
	return value != NULL && strncasecmp(value, word, strlen(word)) == 0;
}

/* Starts the text of another part. */
static void
Separate(Job *job)
{
	if (job->text.length > 0)
		AppendString(job, &job->text, job->text.data[job->text.length - 1] == '\n' ? "\n" : "\n\n");
}

/* Adds the text of a part of plain text or HTML. */
static void
AddText(Mail *mail, const MailPart *part, const char *type, bool html)
{
	Job		   *job = mail->job;
	char	   *transfer = GetHeader(job, part, "Content-Transfer-Encoding");
	char	   *charset = type ? GetParameter(job, type, "charset") : NULL;
	Buffer		body = {0};
	const char *encoding;

	DecodeBody(job, &body, transfer ? transfer + strspn(transfer, " \t") : NULL, part->body,
			   part->body_length);
	if (body.length > 0)
	{
		Separate(job);
		if (html)
			AppendHtml(job, charset, (unsigned char *) body.data, body.length, false);
		else
		{
			encoding = AppendDecoded(job, &job->text, charset, body.data, body.length);
			if (encoding != NULL)
				AddMetadata(job, "encoding", encoding);
		}
	}
	Release(job, body.data);
	Release(job, charset);
	Release(job, transfer);
}

/* Returns the next line at *at, moves it behind the line, and sets the length without its end. */
static const char *
NextLine(const char **at, const char *end, size_t *length)
{
	const char *line = *at;
	const char *line_end;

	if (line >= end)
		return NULL;
	line_end = memchr(line, '\n', (size_t) (end - line));
	*at = line_end ? line_end + 1 : end;
	*length = (size_t) ((line_end ? line_end : end) - line);
	while (*length > 0 && strchr(" \t\r", line[*length - 1]) != NULL && line[*length - 1] != '\0')
		(*length)--;
	return line;
}

/* Calls ReadPart() for the parts of a body, or only for the last or first of them that is text. */
static void
ReadParts(Mail *mail, const MailPart *whole, const char *boundary, bool alternative)
{
	const char *at = whole->body;
	const char *end = whole->body + whole->body_length;
	const char *start = NULL;
	const char *line;
	size_t		width = strlen(boundary);
	size_t		length;
	size_t		before = mail->job->text.length;

	if (width == 0)
		return;
	while ((line = NextLine(&at, end, &length)) != NULL)
	{
		bool		last;

		if (length < width + 2 || memcmp(line, "--", 2) != 0 ||
			memcmp(line + 2, boundary, width) != 0)
			continue;
		last = length == width + 4 && memcmp(line + width + 2, "--", 2) == 0;
		if (!last && length != width + 2)
			continue;
		/* Alternatives say the same: the first with text, mostly the plain one, is enough. */
		if (start != NULL && !(alternative && mail->job->text.length > before))
			ReadPart(mail, start, (size_t) (line - start), false);
		start = last ? NULL : at;
		if (last)
			break;
	}
	/* A message that was cut has no last boundary. */
	if (start != NULL && start < end && !(alternative && mail->job->text.length > before))
		ReadPart(mail, start, (size_t) (end - start), false);
}

/* Adds the name of an attachment.  Returns whether the part is one. */
static bool
IsAttachment(Mail *mail, const MailPart *part, const char *type)
{
	Job		   *job = mail->job;
	char	   *disposition = GetHeader(job, part, "Content-Disposition");
	char	   *name = disposition ? GetParameter(job, disposition, "filename") : NULL;
	bool		attached = disposition &&
		StartsWith(disposition + strspn(disposition, " \t"), "attachment");

	if (name == NULL && type != NULL)
		name = GetParameter(job, type, "name");
	if (name != NULL)
		AddToList(job, "attachments", name);
	Release(job, disposition);
	Release(job, name);
	return attached || (name != NULL && type != NULL && !StartsWith(type, "text/"));
}

/* Adds the fields of the message's header. */
static void
AddFields(Job *job, const MailPart *message)
{
	static const char *const fields[][2] = {
		{"Subject", "title"}, {"From", "author"}, {"To", "to"}, {"Cc", "cc"},
		{"Message-ID", "message_id"}, {"In-Reply-To", "in_reply_to"},
		{"Content-Language", "language"}, {"Organization", "organization"}
	};
	char	   *date = GetHeader(job, message, "Date");

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
	{
		char	   *value = GetHeader(job, message, fields[i][0]);

		if (value != NULL)
		{
			char	   *text = DecodeWords(job, value);

			AddMetadata(job, fields[i][1], text);
			Release(job, text);
		}
		Release(job, value);
	}
	if (date != NULL)
	{
		char	   *formatted = FormatMailDate(job, date);

		AddMetadata(job, "created", formatted);
		Release(job, formatted);
	}
	Release(job, date);
}

/* Adds the subject of a message within the message as a line of its text. */
static void
AddSubject(Job *job, const MailPart *message)
{
	char	   *subject = GetHeader(job, message, "Subject");

	if (subject != NULL)
	{
		char	   *text = DecodeWords(job, subject);

		Separate(job);
		AppendString(job, &job->text, text);
		AppendString(job, &job->text, "\n");
		Release(job, text);
	}
	Release(job, subject);
}

/* Reads a message inside of the message. */
static void
ReadInner(Mail *mail, const MailPart *part)
{
	char	   *transfer = GetHeader(mail->job, part, "Content-Transfer-Encoding");
	Buffer		body = {0};

	DecodeBody(mail->job, &body, transfer ? transfer + strspn(transfer, " \t") : NULL, part->body,
			   part->body_length);
	if (body.length > 0)
		ReadPart(mail, body.data, body.length, true);
	Release(mail->job, body.data);
	Release(mail->job, transfer);
}

/* Reads the body of a part of a type. */
static void
ReadBody(Mail *mail, const MailPart *part, const char *type)
{
	if (type == NULL || StartsWith(type, "text/plain"))
		AddText(mail, part, type, false);
	else if (StartsWith(type, "text/html"))
		AddText(mail, part, type, true);
	else if (StartsWith(type, "multipart/encrypted") ||
			 StartsWith(type, "application/pkcs7-mime") ||
			 StartsWith(type, "application/x-pkcs7-mime"))
		mail->encrypted = true;
	else if (StartsWith(type, "multipart/"))
	{
		char	   *boundary = GetParameter(mail->job, type, "boundary");

		if (boundary != NULL)
			ReadParts(mail, part, boundary, StartsWith(type, "multipart/alternative"));
		Release(mail->job, boundary);
	}
	else if (StartsWith(type, "message/rfc822") || StartsWith(type, "message/global"))
		ReadInner(mail, part);
	else if (StartsWith(type, "text/"))
		AddText(mail, part, type, false);
}

/* Reads a part of a message, or a message inside of it. */
static void
ReadPart(Mail *mail, const char *data, size_t length, bool is_message)
{
	MailPart	part;
	char	   *value;
	const char *type;

	if (++mail->parts > MAX_PARTS || mail->depth >= MAX_NESTED_PARTS)
		FailJob(mail->job, EXTRACTION_FAILED, "the message has too many parts");
	mail->depth++;
	SplitPart(&part, data, length);
	value = GetHeader(mail->job, &part, "Content-Type");
	type = value ? value + strspn(value, " \t") : NULL;
	if (is_message)
		AddSubject(mail->job, &part);
	if (!IsAttachment(mail, &part, type) || StartsWith(type, "message/rfc822"))
		ReadBody(mail, &part, type);
	Release(mail->job, value);
	mail->depth--;
}

/* Reads a message. */
void
ExtractMail(Job *job, const unsigned char *data, size_t size)
{
	Mail		mail = {.job = job};
	MailPart	message;
	char	   *value;
	const char *text = (const char *) data;

	/* What mailboxes put before a message */
	if (size > 5 && memcmp(text, "From ", 5) == 0)
	{
		const char *end = memchr(text, '\n', size);

		size -= end ? (size_t) (end + 1 - text) : size;
		text = end ? end + 1 : text;
	}
	SplitPart(&message, text, size);
	AddFields(job, &message);
	value = GetHeader(job, &message, "Content-Type");
	ReadBody(&mail, &message, value ? value + strspn(value, " \t") : NULL);
	Release(job, value);
	if (mail.encrypted && job->text.length == 0)
		FailJob(job, EXTRACTION_ENCRYPTED, "the message is encrypted");
}
