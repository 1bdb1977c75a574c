# Makes a program of headers of limits that prints every constant in them:
# whatever is added there is told, too. A line that defines a constant and is
# not understood is an error.
#
# Usage: awk -f limits.awk HEADER... >PROGRAM.cpp

# protocol/gate/limits.hpp, wherever the tree is.
function header_of(path) {
  match(path, /(protocol|services)\/[^\/]*\/[^\/]*$/)
  return substr(path, RSTART)
}

function not_understood(line) {
  printf "%s:%d: a constant that limits.awk does not understand: %s\n", \
    FILENAME, FNR, line >"/dev/stderr"
  bad = 1
}

BEGIN { print "#include \"test/packaging/print_limit.hpp\"\n" }

FNR == 1 {
  includes = includes "#include \"" header_of(FILENAME) "\"\n"
  space = ""
}

/^namespace clearance::(protocol|services)::[a-z_]+ [{]$/ { space = $2; next }

/^ *\/\// || !/constexpr/ { next }

space != "" && /^inline constexpr [a-z0-9_:]+ [a-z0-9_]+( =.*)?$/ {
  calls = calls "  print_limit(\"" header_of(FILENAME) "\", \"" $4 "\", " \
    space "::" $4 ");\n"
  next
}

{ not_understood($0) }

END {
  if (bad)
    exit 1
  printf "%s\nint main() {\n%s}\n", includes, calls
}
