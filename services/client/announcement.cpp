#include "services/client/announcement.hpp"

#include "protocol/varlink/message.hpp"
#include "services/cli/terminal.hpp"

#include <simdjson.h>

namespace clearance::services {

namespace varlink = protocol::varlink;

struct announcement_reader::impl {
  simdjson::dom::parser parser;
};

announcement_reader::announcement_reader() : impl_(std::make_unique<impl>()) {
  // nop
}

announcement_reader::~announcement_reader() = default;

std::variant<announcement, no_announcement>
announcement_reader::read(std::string_view message, std::size_t capacity) {
  auto parsed = varlink::parse_reply(message, capacity);
  if (auto* bad = std::get_if<varlink::malformed>(&parsed))
    return no_announcement{"bytes that are no varlink message: "
                           + std::string{bad->why}};
  auto& reply = std::get<varlink::reply>(parsed);
  if (!reply.error.empty())
    return no_announcement{shown(reply.error)};
  // The object as it was sent, not one made of the known fields: so an older
  // watch passes a newer hub's fields on to scripts.
  simdjson::dom::element root;
  simdjson::dom::object object;
  if (impl_->parser.parse(message.data(), message.size()).get(root)
          != simdjson::SUCCESS
      || root["parameters"]["event"].get(object) != simdjson::SUCCESS)
    return no_announcement{"a reply without an event"};
  return announcement{std::move(reply.notification),
                      ascii_json(simdjson::minify(object))};
}

} // namespace clearance::services
