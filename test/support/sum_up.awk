# Sums up the log of a meson run (meson-logs/testlog.txt), test case by test
# case: prints `N passed, N failed, N skipped`.
#
# A doctest program prints how many cases passed and failed. If it ends with an
# error without a failed case (it crashed or hung), one failed case is added. A
# doctest program without any case has failed: its test asked for a case that
# does not exist. Any other program is one case. doctest counts a case that
# prints `skipped: NAME: WHY` (test/support/skip.hpp) as passed; here it counts
# as skipped. Whoever reads the sum must notice if no program ran at all.

function end_of_program() {
  if (name == "")
    return
  if (told) {
    passed += cases_passed - marked
    failed += cases_failed
    skipped += marked
    if (cases_failed == 0 && (status != "exit status 0" || cases_passed == 0))
      ++failed
  } else if (status == "exit status 0") {
    ++passed
  } else if (status == "exit status 77") {
    ++skipped
  } else {
    ++failed
  }
  name = status = ""
  told = marked = cases_passed = cases_failed = 0
}

/^=+ [0-9]+\/[0-9]+ =+$/ { end_of_program(); heading = 1; next }
heading && /^test: / { name = $0; next }
heading && /^result: / { status = $0; sub(/^result: +/, "", status); next }
/^-+ (stdout|output|stderr) -+$/ { heading = 0; next }
heading { next }
/^skipped: [^:]+: / && name != "" { ++marked; next }
/^\[doctest\] test cases:/ && name != "" {
  told = 1
  for (i = 2; i <= NF; ++i) {
    if ($i == "passed")
      cases_passed += $(i - 1)
    if ($i == "failed")
      cases_failed += $(i - 1)
  }
}

END {
  end_of_program()
  printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped
}
