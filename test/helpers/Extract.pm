# Runs the loader's extractors on files without a database, and makes files for them.
package Extract;

use strict;
use warnings;

use Compress::Raw::Zlib      qw(crc32);
use Exporter                 qw(import);
use IO::Compress::RawDeflate qw(rawdeflate);
use PostgreSQL::Test::Utils;
use Test::More;

our @EXPORT = qw(build_extractor build_program extract_files
  extract_files_with write_file make_zip make_docx make_xlsx make_pptx
  make_odt make_epub make_pdf words_of);

# With EXTRACT_SANITIZED=1, AddressSanitizer and UndefinedBehaviorSanitizer watch.
my $target  = $ENV{EXTRACT_SANITIZED} ? 'test_extract_sanitized' : 'test_extract';
my $program = "loader/$target";

# Builds the test program, or skips the test where its libraries are missing. Returns its path.
sub build_extractor
{
	plan skip_all => 'the libraries of the loader are missing'
	  if system('pkg-config --exists gio-2.0 libarchive libxml-2.0 zlib 2>/dev/null') != 0;
	return build_program($target);
}

# Builds another program of extract.mk.
sub build_program
{
	my ($name) = @_;
	system("make -s -C loader -f extract.mk $name >/dev/null 2>&1") == 0
	  or BAIL_OUT("$name does not build");
	return "loader/$name";
}

# Extracts files with options of the test program; returns a hash of what it printed for each.
sub extract_files
{
	return extract_files_with($program, @_);
}

# The same with another program.
sub extract_files_with
{
	my ($program, $options, @files) = @_;
	my %results;

	open(my $pipe, '-|', $program, @$options, '--', @files) or die "$program: $!";
	binmode $pipe;
	while (my $line = <$pipe>)
	{
		my ($file) = $line =~ /^file: (.*)/ or next;
		my %result;

		foreach my $key (qw(status type extractor metadata message text))
		{
			($result{$key}) = <$pipe> =~ /^$key: (.*)/ or die "no $key of $file";
		}
		read($pipe, my $text, $result{text} =~ s/ bytes//r);
		$result{text} = $text;
		$results{$file} = \%result;
	}
	close($pipe) or diag("$program failed");
	return \%results;
}

# Writes bytes to a file, and returns its name.  EXTRACT_CORPUS names a folder for a copy, for the
# fuzzer.
sub write_file
{
	my ($file, $bytes) = @_;
	my $corpus = delete local $ENV{EXTRACT_CORPUS};

	write_file("$corpus/" . $file =~ s/.*\///r, $bytes) if $corpus;
	open(my $out, '>:raw', $file) or die "$file: $!";
	print $out $bytes;
	close($out) or die "$file: $!";
	return $file;
}

# Returns the bytes of a ZIP file.  Members are [name, bytes, how...], where how may have
# method => 0 (stored), encrypted => 1, and size => what the headers say.
sub make_zip
{
	my @members = @_;
	my ($zip, $directory) = ('', '');

	foreach my $member (@members)
	{
		my ($name, $bytes, %how) = @$member;
		my $method = $how{method} // 8;
		my $packed = $bytes;
		my $offset = length $zip;

		rawdeflate(\$bytes => \$packed) if $method == 8;
		my $common = pack('vvvvvVVVvv',
			20, $how{encrypted} ? 1 : 0,
			$method, 0, 0x21, crc32($bytes),
			$how{packed_size} // length $packed,
			$how{size}        // length $bytes,
			length $name, 0);
		$zip .= "PK\003\004" . $common . $name . $packed;
		$directory .=
		  "PK\001\002" . pack('v', 20) . $common . pack('vvvVV', 0, 0, 0, 0, $offset) . $name;
	}
	return
	    $zip
	  . $directory
	  . "PK\005\006"
	  . pack('vvvvVVv', 0, 0, scalar @members, scalar @members, length $directory, length $zip, 0);
}

my $declaration = qq{<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n};
my $office      = 'http://schemas.openxmlformats.org/officeDocument/2006';

# Returns the parts that all office files of Microsoft's have.
sub office_parts
{
	my ($part, $type, $pages) = @_;
	return (
		[
			'[Content_Types].xml',
			$declaration
			  . '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
			  . qq{<Override PartName="/$part" ContentType="application/vnd.openxmlformats-officedocument.$type.main+xml"/>}
			  . '</Types>'
		],
		[
			'docProps/core.xml',
			$declaration
			  . '<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t">'
			  . '<dc:title>A &amp; B</dc:title><dc:creator>Ann Author</dc:creator>'
			  . '<dcterms:created>2020-01-02T03:04:05Z</dcterms:created>'
			  . '<dcterms:modified>2021-01-02T03:04:05Z</dcterms:modified>'
			  . '<dc:language>de-AT</dc:language></cp:coreProperties>'
		],
		[ 'docProps/app.xml', $declaration . "<Properties xmlns='p'>$pages</Properties>" ]
	);
}

# Returns a DOCX file with the inside of its body.
sub make_docx
{
	my ($body, @more) = @_;
	return make_zip(
		office_parts('word/document.xml', 'wordprocessingml.document', '<Pages>3</Pages>'),
		[
			'word/document.xml',
			$declaration
			  . '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
			  . " xmlns:mc='m'><w:body>$body</w:body></w:document>"
		],
		@more
	);
}

# Returns an XLSX file with the inside of the only sheet's rows, and of the shared strings.
sub make_xlsx
{
	my ($rows, $strings) = @_;
	return make_zip(
		office_parts('xl/workbook.xml', 'spreadsheetml.sheet', ''),
		[
			'xl/workbook.xml',
			$declaration
			  . qq{<workbook xmlns="s" xmlns:r="$office/relationships"><sheets>}
			  . '<sheet name="First sheet" sheetId="1" r:id="rId7"/></sheets></workbook>'
		],
		[
			'xl/_rels/workbook.xml.rels',
			$declaration
			  . '<Relationships><Relationship Id="rId7" Target="worksheets/other.xml"/></Relationships>'
		],
		[
			'xl/worksheets/other.xml',
			$declaration . "<worksheet xmlns='s'><sheetData>$rows</sheetData></worksheet>"
		],
		[ 'xl/sharedStrings.xml', $declaration . "<sst xmlns='s'>$strings</sst>" ],
		[
			'xl/styles.xml',
			$declaration
			  . q{<styleSheet xmlns='s'><numFmts><numFmt numFmtId="170" formatCode="0 &quot;days&quot;"/>}
			  . q{<numFmt numFmtId="171" formatCode="[$-409]dd\.mm\.yyyy"/></numFmts>}
			  . q{<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs>}
			  . q{<cellXfs><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="170"/><xf numFmtId="171"/>}
			  . q{</cellXfs></styleSheet>}
		]
	);
}

# Returns a PPTX file with slides of one paragraph each.
sub make_pptx
{
	my @slides = @_;
	my $number = 0;
	my @parts  = map {
		[
			'ppt/slides/slide' . ++$number . '.xml',
			"$declaration<p:sld xmlns:p='p' xmlns:a='a'><a:p><a:r><a:t>$_</a:t></a:r></a:p></p:sld>"
		]
	} @slides;

	# In the order of a directory listing, so that 10 comes before 2.
	@parts = sort { $a->[0] cmp $b->[0] } @parts;
	return make_zip(
		office_parts(
			'ppt/presentation.xml', 'presentationml.presentation',
			'<Slides>' . @slides . '</Slides>'
		),
		[ 'ppt/presentation.xml', "$declaration<p:presentation xmlns:p='p'/>" ],
		@parts
	);
}

# Returns an OpenDocument file with the inside of its body.
sub make_odt
{
	my ($body, %how) = @_;
	my $kind = $how{kind} // 'text';
	return make_zip(
		[ 'mimetype', "application/vnd.oasis.opendocument.$kind", method => 0 ],
		[
			'content.xml',
			$how{content} // $declaration
			  . '<office:document-content xmlns:office="o" xmlns:text="t" xmlns:table="a" xmlns:dc="d">'
			  . '<office:automatic-styles><text:p>no text</text:p></office:automatic-styles>'
			  . "<office:body><office:$kind>$body</office:$kind></office:body></office:document-content>"
		],
		[
			'styles.xml',
			$declaration
			  . '<office:document-styles xmlns:office="o" xmlns:style="s" xmlns:text="t"><office:styles/>'
			  . '<office:master-styles><style:footer><text:p>a footer</text:p></style:footer>'
			  . '</office:master-styles></office:document-styles>'
		],
		[
			'meta.xml',
			$declaration
			  . '<office:document-meta xmlns:office="o" xmlns:meta="m" xmlns:dc="d"><office:meta>'
			  . '<dc:title>An ODT title</dc:title><meta:initial-creator>Ann Author</meta:initial-creator>'
			  . '<dc:creator>Bob Editor</dc:creator><meta:creation-date>2020-01-02T03:04:05</meta:creation-date>'
			  . '<dc:date>2021-01-02T03:04:05</dc:date><dc:language>de-AT</dc:language>'
			  . '<meta:document-statistic meta:page-count="4"/></office:meta></office:document-meta>'
		],
		[
			'META-INF/manifest.xml',
			$declaration
			  . '<manifest:manifest xmlns:manifest="f">'
			  . ($how{encrypted} ? '<manifest:encryption-data/>' : '')
			  . '</manifest:manifest>'
		]
	);
}

# Returns an EPUB file with chapters, given by name and inside of their bodies.
sub make_epub
{
	my ($chapters, $order, @more) = @_;
	my $items = join '', map { qq{<item id="$_" href="text/$_%20x.xhtml"/>} } sort keys %$chapters;
	my $spine = join '', map { qq{<itemref idref="$_"/>} } @$order;
	return make_zip(
		[ 'mimetype', 'application/epub+zip', method => 0 ],
		[
			'META-INF/container.xml',
			$declaration
			  . '<container><rootfiles><rootfile full-path="OEBPS/book.opf"/></rootfiles></container>'
		],
		[
			'OEBPS/book.opf',
			$declaration
			  . '<package xmlns:dc="d"><metadata><dc:title>A book</dc:title><dc:creator>Ann Author</dc:creator>'
			  . "<dc:language>en</dc:language></metadata><manifest>$items</manifest><spine>$spine</spine></package>"
		],
		(
			map {
				[
					"OEBPS/text/$_ x.xhtml",
					$declaration
					  . "<html xmlns='h'><head><title>no text</title></head><body>$chapters->{$_}</body></html>"
				]
			} sort keys %$chapters
		),
		@more
	);
}

# Returns a PDF file with a content stream for each page, and objects to add or to replace.
sub make_pdf
{
	my ($pages, %objects) = @_;
	my $kids = join ' ', map { (10 + 2 * $_) . ' 0 R' } 0 .. $#$pages;
	my %all  = (
		1 => '<</Type/Catalog/Pages 2 0 R>>',
		2 => "<</Type/Pages/Kids[$kids]/Count " . @$pages . '>>',
		3 => '<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>',
		4 => "<</Title(A & <B>)/Author(Ann Author)/CreationDate(D:20200102030405Z)>>"
	);
	my ($pdf, %at) = ("%PDF-1.4\n");

	foreach my $page (0 .. $#$pages)
	{
		my $number = 10 + 2 * $page;
		$all{$number} =
		    '<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 300]/Contents '
		  . ($number + 1)
		  . ' 0 R/Resources<</Font<</F 3 0 R>>>>>>';
		$all{ $number + 1 } =
		  '<</Length ' . length($pages->[$page]) . ">>stream\n$pages->[$page]\nendstream";
	}
	%all = (%all, %objects);
	foreach my $number (sort { $a <=> $b } keys %all)
	{
		$at{$number} = length $pdf;
		$pdf .= "$number 0 obj\n$all{$number}\nendobj\n";
	}
	my $start = length $pdf;
	my ($last) = sort { $b <=> $a } keys %all;
	return
	    $pdf
	  . "xref\n0 "
	  . ($last + 1)
	  . "\n0000000000 65535 f \n"
	  . join('',
		map { exists $at{$_} ? sprintf("%010d 00000 n \n", $at{$_}) : "0000000000 65535 f \n" }
		  1 .. $last)
	  . 'trailer<</Size '
	  . ($last + 1)
	  . "/Root 1 0 R/Info 4 0 R>>\nstartxref\n$start\n%%EOF\n";
}

# Returns how often each word is in a text, regardless of case and marks.
sub words_of
{
	my ($text) = @_;
	my %words;

	utf8::decode($text);
	$words{ lc $_ }++ foreach $text =~ /[\p{L}\p{N}]+/g;
	return \%words;
}

1;
