#!/usr/bin/perl
# report.pl FIRST.xml AGAIN.xml SKIPS.txt: reads what ctest reports (JUnit) of a run and, where some failed, of their second run alone,
# and prints what a person wants to know:
#
#   COUNTS passed failed skipped flaky
#   FAILED name            and the first 40 lines that it printed
#   FLAKY name             failed, and passed alone; and what it printed when it failed
#   SKIPPED name: reason   a skip that nothing excuses, where all is required; it counts as failed
#   skipped name: reason   one that is excused
#   the 25 slowest
#
# Each line of SKIPS.txt that is neither empty nor a comment is a regular expression on `name: reason`.
use strict;
use warnings;

my ($first, $again, $skips) = @ARGV;
my $all_required = ($ENV{CI} // '') eq 'true' || ($ENV{FINDME_REQUIRE_ALL} // '') eq '1';

sub plain {
    my ($text) = @_;
    my %of = (lt => '<', gt => '>', quot => '"', apos => "'", amp => '&');
    $text =~ s/&(lt|gt|quot|apos|amp);/$of{$1}/g;
    $text =~ s/&#(\d+);/chr($1)/ge;
    return $text;
}

# name => {status, seconds, output}
sub read_report {
    my ($file) = @_;
    my %tests;
    return \%tests unless defined $file && -s $file;
    open(my $in, '<', $file) or die "$file: $!\n";
    local $/;
    my $xml = <$in>;
    die "$file is not whole\n" unless $xml =~ m{</testsuite>};
    while ($xml =~ m{<testcase\s([^>]*?)(?:/>|>(.*?)</testcase>)}gs) {
        my ($attributes, $inside) = ($1, $2 // '');
        my %of = $attributes =~ /(\w+)="([^"]*)"/g;
        my ($output) = $inside =~ m{<system-out>(.*?)</system-out>}s;
        my $status = $inside =~ /<skipped\b/ ? 'skipped' : $of{status} eq 'run' ? 'passed' : 'failed';
        # A test whose program was not built is as bad as one that fails.
        $status = 'failed' if $inside =~ /<skipped message="(?!SKIP_)/ && $of{status} ne 'run';
        die "two tests are called $of{name}\n" if $tests{plain($of{name})};
        $tests{plain($of{name})} = {status => $status, seconds => $of{time} // 0, output => plain($output // '')};
    }
    return \%tests;
}

sub show {
    my ($output) = @_;
    # Of TAP and of Catch2 what failed, not what went well before.
    my @lines = grep { !/^(ok \d|1\.\.\d|\s*$)/ } split(/\n/, $output);
    splice(@lines, 40, @lines - 40, '...') if @lines > 40;
    print map { "   $_\n" } @lines;
}

my @excused;
if (open(my $in, '<', $skips // '')) {
    while (<$in>) { chomp; push @excused, qr/$_/ unless /^\s*(#|$)/ }
}

my $tests = read_report($first);
my $second = read_report($again);
exit 1 unless %$tests;
my %count = (passed => 0, failed => 0, skipped => 0, flaky => 0);
for my $name (sort keys %$tests) {
    my $test = $tests->{$name};
    if ($test->{status} eq 'failed') {
        my $alone = $second->{$name};
        if ($alone && $alone->{status} eq 'passed') {
            $count{passed}++;
            $count{flaky}++;
            print "FLAKY $name\n";
            show($test->{output});
        } else {
            $count{failed}++;
            print "FAILED $name\n";
            show($alone ? $alone->{output} : $test->{output});
        }
    } elsif ($test->{status} eq 'skipped') {
        my ($reason) = $test->{output} =~ /(?:SKIPPED: |# skip:? ?\(?)([^\n]*)/;
        my $line = "$name: " . ($reason // 'no reason');
        if ($all_required && !grep { $line =~ $_ } @excused) {
            $count{failed}++;
            print "SKIPPED $line\n";
        } else {
            $count{skipped}++;
            print "skipped $line\n";
        }
    } else {
        $count{passed}++;
    }
}
my @slowest = sort { $tests->{$b}{seconds} <=> $tests->{$a}{seconds} } keys %$tests;
splice(@slowest, 25) if @slowest > 25;
printf "%7.1f s  %s\n", $tests->{$_}{seconds}, $_ for @slowest;
print "COUNTS @count{qw(passed failed skipped flaky)}\n";
