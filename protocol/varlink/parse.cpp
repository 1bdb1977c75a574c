#include "protocol/base/limits.hpp"
#include "protocol/json/keep_last.hpp"
#include "protocol/json/strict_json.hpp"
#include "protocol/varlink/event.hpp"
#include "protocol/varlink/message.hpp"

#include <cstdint>

// Reading calls and replies. A message is walked once. Values are noted on the
// way and judged at the end, because only then the last value of a repeated key
// is known. A number that is too large for every machine type is still valid
// JSON: it is a parameter of the wrong type, and no reason to close the
// connection.

namespace clearance::protocol::varlink {

namespace {

using kind = json_item::kind;

/// A value, or nothing if the key is absent.
using note = std::optional<json_item>;

json_reader& reader_of_thread() {
  thread_local json_reader result{limits::varlink_nesting_max_depth};
  return result;
}

/// Calls `f` with a reader for a message of `size` bytes.
template <class F>
auto with_reader(std::size_t size, F f) {
  if (size > limits::kept_max_bytes) {
    json_reader own{limits::varlink_nesting_max_depth};
    return f(own);
  }
  return f(reader_of_thread());
}

parameter to_parameter(std::string_view name, const json_item& x) {
  std::int64_t ignored = 0;
  switch (x.type) {
  case kind::string:
    return {std::string{name}, parameter::kind::string, std::string{x.text}};
  case kind::boolean:
    return {std::string{name}, parameter::kind::boolean, std::string{x.text}};
  case kind::number:
    if (read_integer(x, ignored))
      return {std::string{name}, parameter::kind::integer, std::string{x.text}};
    break;
  case kind::null:
    return {std::string{name}, parameter::kind::null, {}};
  case kind::array:
  case kind::object:
    break;
  }
  return {std::string{name}, parameter::kind::other, std::string{x.text}};
}

/// What the member `parameters` holds.
struct parameter_notes {
  std::vector<parameter> list;
  bool is_object = true;
  event_notes event; // the parameter `event`

  bool walk(json_reader& reader, json_reader::value& x, bool with_event) {
    list.clear();
    event = {};
    json_item item;
    is_object = json_reader::is_object(x);
    if (!is_object) {
      if (!reader.take(x, item))
        return false;
      is_object = item.type == kind::null; // null counts as absent
      return true;
    }
    return reader.members(x, [&](std::string_view name, json_reader::value& y) {
      json_item value{kind::object, {}};
      bool is_event = with_event && name == "event";
      if (is_event)
        event = {};
      bool valid = is_event && json_reader::is_object(y)
                       ? event.walk(reader, y)
                       : reader.take(y, value);
      if (valid)
        list.push_back(to_parameter(name, value));
      return valid;
    });
  }

  /// The parameters, after the walk.
  std::vector<parameter> take() {
    keep_last_of_each(
        list, [](const parameter& x) -> std::string_view { return x.name; });
    return std::move(list);
  }
};

bool is_qualified(std::string_view method) {
  auto dot = method.rfind('.');
  return dot != std::string_view::npos && dot > 0 && dot + 1 < method.size();
}

/// False if the value is there and is not a boolean.
bool read_flag(const note& x, bool& to) {
  to = x && x->text == "true";
  return !x || x->type == kind::boolean;
}

std::variant<call, malformed>
read_call(json_reader& reader, std::string_view message, std::size_t capacity) {
  note method, more, oneway, upgrade;
  parameter_notes parameters;
  auto take = [&](json_reader::value& x, note& to) {
    return reader.take(x, to.emplace());
  };
  auto on_member = [&](std::string_view name, json_reader::value& x) {
    note ignored;
    return name == "parameters" ? parameters.walk(reader, x, false)
           : name == "method"   ? take(x, method)
           : name == "more"     ? take(x, more)
           : name == "oneway"   ? take(x, oneway)
           : name == "upgrade"  ? take(x, upgrade)
                                : take(x, ignored);
  };
  if (!reader.read(message, capacity, on_member))
    return malformed{to_string(reader.why())};
  if (!method)
    return malformed{"no method"};
  if (method->type != kind::string)
    return malformed{"method is no string"};
  if (!is_qualified(method->text))
    return malformed{"method is not qualified"};
  if (!parameters.is_object)
    return malformed{"parameters are no object"};
  call result;
  if (!read_flag(more, result.more))
    return malformed{"more is no boolean"};
  if (!read_flag(oneway, result.oneway))
    return malformed{"oneway is no boolean"};
  if (!read_flag(upgrade, result.upgrade))
    return malformed{"upgrade is no boolean"};
  result.method = method->text;
  result.parameters = parameters.take();
  return result;
}

std::variant<reply, malformed> read_reply(json_reader& reader,
                                          std::string_view message,
                                          std::size_t capacity) {
  note error, continues;
  parameter_notes parameters;
  auto on_member = [&](std::string_view name, json_reader::value& x) {
    note ignored;
    return name == "parameters"  ? parameters.walk(reader, x, true)
           : name == "error"     ? reader.take(x, error.emplace())
           : name == "continues" ? reader.take(x, continues.emplace())
                                 : reader.take(x, ignored.emplace());
  };
  if (!reader.read(message, capacity, on_member))
    return malformed{to_string(reader.why())};
  if (error && error->type != kind::string && error->type != kind::null)
    return malformed{"error is no string"};
  if (!parameters.is_object)
    return malformed{"parameters are no object"};
  reply result;
  if (!read_flag(continues, result.continues))
    return malformed{"continues is no boolean"};
  if (error)
    result.error = error->type == kind::string ? error->text : "";
  result.notification = parameters.event.build();
  result.parameters = parameters.take();
  return result;
}

} // namespace

std::variant<call, malformed> parse_call(std::string_view message,
                                         std::size_t capacity) {
  return with_reader(message.size(), [=](json_reader& reader) {
    return read_call(reader, message, capacity);
  });
}

std::variant<reply, malformed> parse_reply(std::string_view message,
                                           std::size_t capacity) {
  return with_reader(message.size(), [=](json_reader& reader) {
    return read_reply(reader, message, capacity);
  });
}

void prepare_thread() {
  reader_of_thread();
}

} // namespace clearance::protocol::varlink
