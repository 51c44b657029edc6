# The loader's types of files: the name decides, the first bytes confirm, and ZIP files are what is
# in them.
use strict;
use warnings;

use Extract;
use PostgreSQL::Test::Utils;
use Test::More;

build_extractor();
my $folder = PostgreSQL::Test::Utils::tempdir();
my $word   = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
my $sheet  = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';
my $slides = 'application/vnd.openxmlformats-officedocument.presentationml.presentation';
my $open   = 'application/vnd.oasis.opendocument';
my $ole    = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
my $html   = "<!-- a comment -->\n<!DOCTYPE html>\n<html><body>text</body></html>\n";
my $docx   = make_docx('<w:p/>');
my $pdf    = make_pdf(['']);
my $png    = "\x89PNG\r\n\x1a\n" . "\0" x 20;

# A compound file whose directory has a stream of a name.
sub compound
{
	my ($stream) = @_;
	return
	    $ole
	  . "\0" x 22
	  . pack('v', 9)
	  . "\0" x 16
	  . pack('V', 0)
	  . "\0" x 460
	  . join('', map { "$_\0" } split //, $stream)
	  . "\0" x 600;
}

# The system's name for Java archives has changed.
my ($java) = map { /:(.*):\*\.jar$/ ? $1 : () } `cat /usr/share/mime/globs2`;

# Names, bytes, and the type that they make.
my @cases = (
	[ 'notes.txt',   "text\n",                         'text/plain' ],
	[ 'notes.md',    "# text\n",                       'text/markdown' ],
	[ 'table.csv',   "a,b\n",                          'text/csv' ],
	[ 'data.json',   "{}\n",                           'application/json' ],
	[ 'source.c',    "int x;\n",                       'text/x-csrc' ],
	[ 'page.html',   "text without tags\n",            'text/html' ],
	[ 'message.eml', "From: a\@example.com\n\ntext\n", 'message/rfc822' ],
	[ 'report.pdf',  $pdf,                             'application/pdf' ],
	[ 'REPORT.PDF',  $pdf,                             'application/pdf' ],
	[ 'image.png',   $png,                             'image/png' ],

	# The bytes contradict the name.
	[ 'web.pdf',   $html,                       'text/html' ],
	[ 'text.pdf',  "just a text\n",             'text/plain' ],
	[ 'noise.pdf', "\x01\x02\x00\xff" x 50,     'application/octet-stream' ],
	[ 'pdf.txt',   $pdf,                        'application/pdf' ],
	[ 'zip.pdf',   make_zip([ 'a', 'b' ]),      'application/zip' ],
	[ 'docx.zip',  $docx,                       $word ],
	[ 'docx.pdf',  $docx,                       $word ],
	[ 'text.docx', "just a text\n",             'text/plain' ],
	[ 'zip.docx',  make_zip([ 'a', 'b' ]),      'application/zip' ],
	[ 'image.jpg', $png,                        'image/png' ],
	[ 'noise.txt', "\x00\x01\x02\x03\xfe" x 50, 'application/octet-stream' ],

	# The name says nothing.
	[ 'text',      "text\n",                                            'text/plain' ],
	[ 'latin',     "gr\xfc\xdfe\n",                                     'text/plain' ],
	[ 'utf16',     join('', map { "$_\0" } split //, 'text in UTF-16'), 'text/plain' ],
	[ 'html',      $html,                                               'text/html' ],
	[ 'xml',       "<?xml version='1.0'?><a/>\n",                       'application/xml' ],
	[ 'pdf',       $pdf,                                                'application/pdf' ],
	[ 'png',       $png,                                                'image/png' ],
	[ 'mail',      "Received: from a\nSubject: b\n\ntext\n",            'message/rfc822' ],
	[ 'mbox-like', "From a Mon Jan 1\nReceived: b\n\ntext\n",           'message/rfc822' ],
	[ 'noise',     "\x00\x01\x02\x03\xfe" x 50, 'application/octet-stream' ],
	[ 'empty',     '',                          'application/x-zerosize' ],
	[ 'empty.txt', '',                          'text/plain' ],

	# Looking into ZIP files
	[ 'a.docx',     $docx,             $word ],
	[ 'word',       $docx,             $word ],
	[ 'a.docm',     $docx,             'application/vnd.ms-word.document.macroEnabled.12' ],
	[ 'sheet',      make_xlsx('', ''), $sheet ],
	[ 'slides',     make_pptx('a'),    $slides ],
	[ 'open',       make_odt(''),      "$open.text" ],
	[ 'cells',      make_odt('', kind => 'spreadsheet'),       "$open.spreadsheet" ],
	[ 'book',       make_epub({ a => 'b' }, ['a']),            'application/epub+zip' ],
	[ 'book.zip',   make_epub({ a => 'b' }, ['a']),            'application/epub+zip' ],
	[ 'plain.zip',  make_zip([ 'word.txt', 'b' ]),             'application/zip' ],
	[ 'applet.jar', make_zip([ 'META-INF/MANIFEST.MF', 'b' ]), $java ],
	[ 'cut.docx',   substr($docx, 0, 300),                     'application/zip' ],

	# Compound files
	[ 'old.doc',      compound('WordDocument'),     'application/msword' ],
	[ 'old',          compound('WordDocument'),     'application/x-ole-storage' ],
	[ 'locked.docx',  compound('EncryptedPackage'), $word ],
	[ 'renamed.docx', compound('WordDocument'),     'application/x-ole-storage' ],
);

write_file("$folder/$_->[0]", $_->[1]) foreach @cases;
my $results = extract_files([], map { "$folder/$_->[0]" } @cases);
is($results->{"$folder/$_->[0]"}{type},       $_->[2],     "type of $_->[0]") foreach @cases;
is($results->{"$folder/locked.docx"}{status}, 'encrypted', 'a file with a password is encrypted');

done_testing();
