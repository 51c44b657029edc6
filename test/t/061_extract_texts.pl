# What the loader's extractors make of the formats that they take: texts, metadata, and why there is
# no text.
use strict;
use warnings;
use utf8;

use Encode qw(encode);
use Extract;
use IO::Compress::Gzip qw(gzip);
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;

build_extractor();
my $folder = PostgreSQL::Test::Utils::tempdir();
my @cases;

# Notes a file to extract: the text that it has to give, and metadata that it must have.
sub text_case
{
	my ($name, $bytes, $text, @metadata) = @_;
	write_file("$folder/$name", $bytes);
	push @cases, [ $name, 'done', encode('UTF-8', $text), map { encode('UTF-8', $_) } @metadata ];
	return;
}

# Notes a file that gives no text: its status, and a part of the message.
sub other_case
{
	my ($name, $bytes, $status, $message) = @_;
	write_file("$folder/$name", $bytes);
	push @cases, [ $name, $status, $message ];
	return;
}

# Returns bytes packed by gzip.
sub gzipped
{
	my ($bytes) = @_;
	gzip(\$bytes => \my $packed);
	return $packed;
}

# Plain text: any encoding, which the metadata names
my $german   = "Grüße aus Köln, schöne Straße.\n";
my $russian  = "Съешь же ещё этих мягких французских булок, да выпей чаю.\n" x 3;
my $japanese = "これは日本語のテキストです。ひらがなとカタカナが混ざっています。\n" x 3;
my $chinese  = "中华人民共和国的人民在这里学习和工作,我们都是中国人。\n" x 3;
my $korean   = "이것은 한국어로 쓴 글입니다. 모든 사람은 자유롭게 태어났습니다.\n" x 3;
my $greek    = "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια.\n" x 3;
my $polish   = "Zażółć gęślą jaźń, wszyscy ludzie rodzą się wolni i równi.\n" x 3;

text_case('utf8.txt',   encode('UTF-8', $german), $german, '"encoding": "UTF-8"', '"words": 5');
text_case('bom.txt',    "\xEF\xBB\xBF" . encode('UTF-8', $german), $german, '"encoding": "UTF-8"');
text_case('latin1.txt', encode('ISO-8859-1', $german), $german, '"encoding": "WINDOWS-1252"');
foreach my $encoding (qw(UTF-16LE UTF-16BE UTF-32LE))
{
	text_case(
		lc "bom-$encoding.txt",
		encode($encoding, "\x{FEFF}$german"),
		$german, qq{"encoding": "$encoding"}
	);
}
text_case('utf16.txt', encode('UTF-16LE', $german), $german, '"encoding": "UTF-16LE"');
foreach my $case (
	[ $russian,  'cp1251'      => 'WINDOWS-1251' ],
	[ $russian,  'koi8-r'      => 'KOI8-R' ],
	[ $russian,  'cp866'       => 'IBM866' ],
	[ $japanese, 'euc-jp'      => 'EUC-JP' ],
	[ $japanese, 'cp932'       => 'SHIFT_JIS' ],
	[ $japanese, 'iso-2022-jp' => 'ISO-2022-JP' ],
	[ $chinese,  'gbk'         => 'GB18030' ],
	[ $korean,   'euc-kr'      => 'EUC-KR' ],
	[ $greek,    'cp1253'      => 'WINDOWS-1253' ],
	[ $polish,   'cp1250'      => 'WINDOWS-1250' ],
	[ $polish,   'iso-8859-2'  => 'ISO-8859-2' ]
  )
{
	my ($text, $encoding, $name) = @$case;
	text_case("$encoding.txt", encode($encoding, $text), $text, qq{"encoding": "$name"});
}
text_case(
	'declared.xml',
	qq{<?xml version="1.0" encoding='koi8-r'?>\n<a>\xf1</a>\n},
	qq{<?xml version="1.0" encoding='koi8-r'?>\n<a>Я</a>\n}
);
text_case('lines.csv',    "a;b\r\n1;2\r\n",        "a;b\r\n1;2\r\n");
text_case('escapes.json', '{"a": "\u0000\ud800"}', '{"a": "\u0000\ud800"}');

# What PostgreSQL cannot hold
text_case(
	'nul.txt',
	'a log with a ' . "\0" . 'NUL' . ' and more text' x 30,
	'a log with a NUL' . ' and more text' x 30,
	'"removed_characters": 1'
);
text_case(
	'broken.txt',
	encode('UTF-8', $german x 20) . "a\xffb\xed\xa0\x80c",
	$german x 20 . 'abc',
	'"encoding": "UTF-8"',
	'"removed_characters": 2'
);
text_case('surrogate.txt', "\xff\xfea\0\0\xd8b\0", 'ab', '"removed_characters": 1');
other_case('noise.txt', "\x00\x01\x02\xfe\x03" x 50, 'unsupported', 'no extractor');
other_case('empty.txt', '',                          'no text',     'empty');
other_case('blank.txt', " \n\t\n",                   'no text',     'no text');
other_case('image.gif', 'GIF89a' . "\0" x 20,        'unsupported', 'no extractor');

# HTML
my $html = <<'E';
<!DOCTYPE html>
<html lang="de-AT"><head><meta charset="utf-8"><title>Ein &lt;Titel&gt; &amp; mehr</title>
<meta name="author" content="Ann Author"><meta property="article:published_time" content="2020-01-02">
<style>p { color: red }</style><script>var no = "text";</script></head>
<body><h1>Kopf</h1><p>ein   <b>Wo</b>rt<br>n&auml;chste&#x20AC;Zeile</p>
<ul><li>a</li><li>b</li></ul><table><tr><td>x</td><td>y</td></tr></table>
<pre>so
  bleibt es</pre>letzte<p>unclosed <i>tags</p></div></body></html>
E
text_case(
	'page.html',
	$html,
	"Kopf\n\nein Wort\nnächste€Zeile\n\na\nb\n\nx y\n\nso\n  bleibt es\n\nletzte\n\nunclosed tags",
	'"title": "Ein <Titel> & mehr"',
	'"author": "Ann Author"',
	'"language": "de-AT"',
	'"created": "2020-01-02"'
);
text_case('latin.html', qq{<meta charset="iso-8859-1"><p>\x80 \xe4</p>},
	'€ ä', '"encoding": "WINDOWS-1252"');
text_case('russian.html', encode('koi8-r', "<html><meta charset=koi8-r><p>Я</p></html>"), 'Я');
other_case('empty.html', '<html><body><script>x</script></body></html>', 'no text', 'no text');

# Office files and books
my @office = (
	'"title": "A & B"',
	'"author": "Ann Author"',
	'"created": "2020-01-02T03:04:05Z"',
	'"modified": "2021-01-02T03:04:05Z"',
	'"language": "de-AT"'
);
text_case(
	'body.docx',
	make_docx(
		'<w:p><w:r><w:t>One </w:t><w:instrText>no</w:instrText></w:r><w:r><w:t>word&amp;</w:t>'
		  . '<w:tab/><w:t>tab</w:t><w:br/><w:delText>gone</w:delText><w:t>line</w:t></w:r></w:p>'
		  . '<mc:AlternateContent><mc:Choice><w:p><w:t>box</w:t></w:p></mc:Choice>'
		  . '<mc:Fallback><w:p><w:t>box</w:t></w:p></mc:Fallback></mc:AlternateContent>',
		[ 'word/footnotes.xml', '<w:f xmlns:w="w"><w:p><w:t>note</w:t></w:p></w:f>' ],
		[ 'word/header2.xml',   '<w:f xmlns:w="w"><w:p><w:t>header</w:t></w:p></w:f>' ]
	),
	"One word&\ttab\nline\nbox\nnote\nheader\n",
	@office,
	'"pages": 3',
	'"words": 7'
);
text_case(
	'cells.xlsx',
	make_xlsx(
		'<row><c t="s"><v>1</v></c><c><v>42.5</v></c><c t="inlineStr"><is><t>inline</t></is></c></row>'
		  . '<row><c s="1"><v>43832</v></c><c s="2"><v>7</v></c><c s="3"><v>43832.5</v></c></row>'
		  . '<row/><row><c t="b"><v>1</v></c><c t="str"><f>no</f><v>formula</v></c><c t="s"><v>9</v></c></row>',
		'<si><t>first</t></si><si><r><t>sha</t></r><r><t>red</t></r><rPh><t>no</t></rPh></si>'
	),
	"First sheet\nshared\t42.5\tinline\n2020-01-02\t7\t2020-01-02 12:00:00\nTRUE\tformula\t\n\n",
	@office,
	'"sheets": 1'
);
text_case(
	'slides.pptx',
	make_pptx(map { "slide $_" } 1 .. 11),
	join('', map { "slide $_\n\n" } 1 .. 11),
	@office, '"pages": 11'
);
text_case(
	'body.odt',
	make_odt(
		'<text:tracked-changes><text:p>gone</text:p></text:tracked-changes><text:h>Head</text:h>'
		  . "<text:p>a<text:s text:c='3'/>b<text:tab/>c  <text:span> d</text:span><text:line-break/>e</text:p>"
	),
	"Head\na   b\tc d\ne\na footer\n",
	'"title": "An ODT title"',
	'"author": "Ann Author"',
	'"created": "2020-01-02T03:04:05"',
	'"modified": "2021-01-02T03:04:05"',
	'"pages": 4'
);
text_case(
	'cells.ods',
	make_odt(
		'<table:table-row><table:table-cell><text:p>x</text:p></table:table-cell>'
		  . '</table:table-row>',
		kind => 'spreadsheet'
	),
	"x\na footer\n"
);
text_case(
	'book.epub',
	make_epub({ one => '<p>first&nbsp;chapter</p>', two => '<p>second</p>' }, [qw(two one)]),
	"second\n\nfirst\x{A0}chapter",
	'"title": "A book"',
	'"author": "Ann Author"',
	'"language": "en"'
);
other_case('locked.odt', make_odt('', encrypted => 1), 'encrypted', 'password');
other_case('locked.docx',
	make_zip([ 'word/document.xml', 'x', encrypted => 1 ], [ '[Content_Types].xml', '<a/>' ]),
	'encrypted', 'encrypted');
other_case(
	'drm.epub',
	make_epub(
		{ a => 'b' },
		['a'],
		[
			'META-INF/encryption.xml',
			'<e><EncryptionMethod Algorithm="http://www.w3.org/2001/04/xmlenc#aes128-cbc"/></e>'
		]
	),
	'encrypted',
	'DRM'
);
other_case('broken.odt', make_odt('', content => '<a><b></a>'),
	'failed', 'content.xml is no valid XML');
other_case('empty.docx', make_docx('<w:p/>'), 'no text', 'no text');

# E-mail
my $base64 = encode_base64(encode('UTF-8', '<p>forwärded</p>'), '');
my $mail   = <<"E";
Received: from nowhere
Subject: =?ISO-8859-1?Q?Gr=FC=DFe?= =?UTF-8?B?w7xiZXI=?=
 folded
From: =?utf-8?q?Ann_Auth=C3=B6r?= <ann\@example.com>
To: bob\@example.com
Date: Thu, 2 Jan 2020 03:04:05 +0100
Message-ID: <1\@example.com>
Content-Type: multipart/mixed; boundary="outer;1"

preamble
--outer;1
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=ISO-8859-1
Content-Transfer-Encoding: quoted-printable

Gr=FC=DFe, a long line that =
goes on.
--inner
Content-Type: text/html

<p>not again</p>
--inner--
--outer;1
Content-Type: application/pdf; name="=?UTF-8?Q?pl=C3=A4ne.pdf?="
Content-Disposition: attachment
Content-Transfer-Encoding: base64

JVBERi0=
--outer;1
Content-Type: image/png
Content-Disposition: attachment; filename*0*=UTF-8''b%C3%BC; filename*1=cher.png

--outer;1
Content-Type: message/rfc822

Subject: inner message
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

$base64
--outer;1--
epilogue
E
text_case(
	'message.eml',
	$mail,
	"Grüße, a long line that goes on.\n\ninner message\n\nforwärded",
	'"title": "Grüßeüber folded"',
	'"author": "Ann Authör <ann@example.com>"',
	'"to": "bob@example.com"',
	'"created": "2020-01-02T03:04:05+01:00"',
	'"message_id": "<1@example.com>"',
	'"attachments": ["pläne.pdf", "bücher.png"]'
);
text_case('simple.eml', "From a Mon Jan\nFrom: x\@example.com\r\nSubject: s\r\n\r\nplain \xe4\r\n",
	"plain ä\r\n", '"title": "s"', '"author": "x@example.com"');
other_case(
	'secret.eml', "From: x\nContent-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--\n",
	'encrypted',  'encrypted'
);

# PDF
if (`pdftotext -v 2>&1` =~ /^pdftotext version/)
{
	my @pages =
	  ('BT /F 12 Tf 20 200 Td (first <page>) Tj ET', 'BT /F 12 Tf 20 200 Td (second) Tj ET');
	text_case(
		'pages.pdf', make_pdf(\@pages),
		"first <page>\n\n\fsecond\n\n\f",
		'"title": "A & <B>"',
		'"author": "Ann Author"',
		'"created": "2020-01-02T03:04:05Z"',
		'"pages": 2'
	);
	text_case(
		'pages.pdf.gz',
		gzipped(make_pdf(\@pages)),
		"first <page>\n\n\fsecond\n\n\f",
		'"pages": 2', '"unpacked_type": "application/pdf"'
	);
	other_case('scan.pdf',   make_pdf(['0 0 100 100 re f']), 'no text', 'scans');
	other_case('broken.pdf', "%PDF-1.4\nnothing\n",          'failed',  'pdftotext failed');
}

# gzip
text_case(
	'notes.txt.gz',
	gzipped(encode('UTF-8', $german)) . gzipped('second member'),
	$german . 'second member',
	'"unpacked_type": "text/plain"'
);
text_case(
	'page.html.gz', gzipped('<!doctype html><p>text</p>'),
	'text',         '"unpacked_type": "text/html"'
);
text_case('body.docx.gz', gzipped(make_docx('<w:p><w:t>text</w:t></w:p>')), "text\n", @office);
text_case('twice.gz', gzipped(gzipped('text')), 'text');
other_case('cut.gz',   substr(gzipped('text' x 100), 0, 20), 'failed',      'ends too early');
other_case('noise.gz', gzipped("\x00\x01\x02\xfe" x 50),     'unsupported', 'in the gzip file');

# The user's commands: the first that fits, before our own extractors
text_case('a.png', "\x89PNG\r\n\x1a\nbytes", "13 bytes\n");
other_case('b.bmp', 'BM', 'failed', 'exit status 3: what went wrong');
text_case('c.rtf', '{\rtf1 x}', 'GRÜN');
my @commands = map { ('-c', $_) } (
	'image/png=echo $(wc -c) bytes',
	'image/bmp=echo hi; echo what went wrong >&2; exit 3',
	'image/png=echo too late',
	'*/rtf=printf "GR\334N"'
);

my $results = extract_files(\@commands, map { "$folder/$_->[0]" } @cases);
foreach my $case (@cases)
{
	my ($name, $status, $text, @metadata) = @$case;
	my $result = $results->{"$folder/$name"};

	is($result->{status}, $status, "status of $name") or diag($result->{message});
	if ($status eq 'done')
	{
		is($result->{text}, $text, "text of $name");
		ok(index($result->{metadata}, $_) >= 0, "metadata of $name")
		  or diag($result->{metadata})
		  foreach @metadata;
	}
	else
	{
		like($result->{message}, qr/\Q$text\E/, "message of $name");
	}
}
like(
	$results->{"$folder/utf8.txt"}{extractor},
	qr/^doc_extractor \d/,
	'an extractor has a name and a version'
);
is(
	$results->{"$folder/a.png"}{extractor},
	'echo $(wc -c) bytes',
	'a command is the name of its extractor'
);

# Each result is the same from several threads, and in any order.
my $again = extract_files([ @commands, '-j', '4' ], (map { "$folder/$_->[0]" } reverse @cases) x 3);
is_deeply($again, $results, 'four threads read the same');

done_testing();
