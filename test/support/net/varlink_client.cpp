#include "test/support/net/varlink_client.hpp"

#include <stdexcept>

namespace clearance::test {

namespace {

constexpr auto mark_key = "test-mark";

std::optional<std::string> mark_of(const wire_event& x) {
  if (x.dossier.size() == 1 && x.dossier[0].first == mark_key)
    return x.dossier[0].second;
  return std::nullopt;
}

} // namespace

std::string to_string(const varlink_reply& x) {
  return x.error + to_string(x.parameters);
}

std::string object_of(string_parameters parameters) {
  std::string inside;
  for (const auto& [name, value] : parameters)
    inside += (inside.empty() ? "" : ",") + json_string(name) + ":"
              + json_string(value);
  return "{" + inside + "}";
}

std::string call_bytes(std::string_view method, std::string_view parameters,
                       std::string_view more_members) {
  auto result = R"({"method":)" + json_string(method);
  if (!parameters.empty())
    result += R"(,"parameters":)" + std::string(parameters);
  if (!more_members.empty())
    result += "," + std::string(more_members);
  return result + "}" + '\0';
}

varlink_reply success(std::string_view parameters) {
  return {"", json::parse(parameters)};
}

varlink_reply failure(std::string_view error, string_parameters parameters) {
  return {std::string(error), json::parse(object_of(parameters))};
}

void varlink_client::send(std::string_view method, std::string_view parameters,
                          std::string_view more_members) {
  socket_.send(call_bytes(method, parameters, more_members));
}

varlink_reply varlink_client::next_reply() {
  const auto frame = socket_.read_frame();
  if (!frame)
    throw std::runtime_error("the connection was closed instead of a reply");
  const auto bytes = json::parse(*frame);
  varlink_reply result;
  // Varlink allows a reply without `error` (success) and `parameters` (none).
  if (bytes.has("error"))
    result.error = bytes["error"].text();
  result.parameters =
      bytes.has("parameters") ? bytes["parameters"] : json::parse("{}");
  for (const auto& [name, value] : bytes.members())
    if (name != "error" && name != "parameters")
      throw std::runtime_error("unexpected member in " + *frame);
  return result;
}

varlink_reply varlink_client::call(std::string_view method,
                                   std::string_view parameters) {
  send(method, parameters);
  return next_reply();
}

void varlink_client::send_verdict(std::string_view container,
                                  std::string_view request_id,
                                  std::string_view dest,
                                  std::string_view action) {
  send("org.terok.Clearance1.Verdict", object_of({{"container", container},
                                                  {"request_id", request_id},
                                                  {"dest", dest},
                                                  {"action", action}}));
}

varlink_reply varlink_client::verdict(std::string_view container,
                                      std::string_view request_id,
                                      std::string_view dest,
                                      std::string_view action) {
  send_verdict(container, request_id, dest, action);
  return next_reply();
}

wire_event varlink_client::next_of_any_kind() {
  const auto frame = socket_.read_frame();
  if (!frame)
    throw std::runtime_error("the connection was closed instead of an event");
  return wire_event::of_reply(*frame);
}

wire_event varlink_client::next_event() {
  if (!early_.empty()) {
    auto result = std::move(early_.front());
    early_.pop_front();
    return result;
  }
  for (;;) {
    auto result = next_of_any_kind();
    if (!mark_of(result))
      return result;
  }
}

bool varlink_client::take_mark() {
  if (!socket_.readable())
    return false;
  auto event = next_of_any_kind();
  const auto mark = mark_of(event);
  if (mark)
    last_mark_ = *mark;
  else
    early_.push_back(std::move(event));
  return mark.has_value();
}

void varlink_client::await_mark(const std::string& mark) {
  for (;;) {
    auto event = next_of_any_kind();
    const auto seen = mark_of(event);
    if (seen)
      last_mark_ = *seen;
    else
      early_.push_back(std::move(event));
    if (seen == mark)
      return;
  }
}

std::vector<wire_event> varlink_client::events_until(const std::string& mark) {
  await_mark(mark);
  std::vector<wire_event> result{early_.begin(), early_.end()};
  early_.clear();
  return result;
}

std::string mark_line(std::string_view container, const std::string& mark) {
  return R"({"type":"shield_up","container":)" + json_string(container)
         + R"(,"dossier":{)" + json_string(mark_key) + ":" + json_string(mark)
         + "}}\n";
}

} // namespace clearance::test
