#include "services/web/page_file.hpp"

#include "protocol/text/sha256.hpp"
#include "protocol/web/response.hpp"

namespace clearance::services {

namespace {

constexpr std::string_view style_place = "@style@";
constexpr std::string_view script_place = "@script@";

} // namespace

// A digest is of everything between the tags, so nothing stands beside the
// part.
web_page make_web_page() {
  std::string text{page_markup};
  for (const auto& [place, part] : {std::pair{style_place, page_style},
                                    std::pair{script_place, page_script}})
    text.replace(text.find(place), place.size(), part);
  return {std::move(text),
          protocol::web_page_policy(protocol::sha256(page_script),
                                    protocol::sha256(page_style))};
}

} // namespace clearance::services
