# Makes C++ of the page's parts: one constant each for markup, style and script.
#
# Usage: awk -f embed.awk markup.html style.css SCRIPT.js...

BEGIN {
  print "#include \"services/web/page_file.hpp\"\n"
  print "namespace clearance::services {\n"
}

FNR == 1 {
  name = FILENAME ~ /\.html$/ ? "page_markup" \
       : FILENAME ~ /\.css$/ ? "page_style" : "page_script"
  if (name != open)
    print (open ? "    ;\n\n" : "") "const std::string_view " name " ="
  open = name
}

{
  gsub(/\\/, "\\\\&")
  gsub(/"/, "\\\"")
  gsub(/\?/, "\\?")
  print "    \"" $0 "\\n\""
}

END { print "    ;\n\n} // namespace clearance::services" }
