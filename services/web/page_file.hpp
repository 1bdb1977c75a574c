/// The page as browsers get it. Its three parts are compiled in.
#pragma once

#include <string>
#include <string_view>

namespace clearance::services {

/// The parts, as in the folder page/.
extern const std::string_view page_markup;
extern const std::string_view page_style;
extern const std::string_view page_script;

struct web_page {
  std::string text;   ///< HTML with style and script in it
  std::string policy; ///< its Content-Security-Policy
};

/// Puts the parts together.
web_page make_web_page();

} // namespace clearance::services
