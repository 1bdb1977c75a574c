#include "test/support/stage/log_record.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>

namespace clearance::test {

namespace {

log_record* current = nullptr;

} // namespace

std::string log_line::operator[](std::string_view key) const {
  auto it = std::find_if(fields.begin(), fields.end(),
                         [=](auto& x) { return x.first == key; });
  return it == fields.end() ? "(none)" : it->second;
}

log_record::log_record(actors::severity threshold) {
  REQUIRE_MESSAGE(current == nullptr, "two log records at a time");
  current = this;
  actors::set_log_sink(&log_record::sink, threshold);
}

log_record::~log_record() {
  actors::set_log_sink(nullptr, actors::severity::info);
  current = nullptr;
}

std::vector<log_line> log_record::with(std::string_view text) const {
  std::vector<log_line> result;
  std::copy_if(lines_.begin(), lines_.end(), std::back_inserter(result),
               [=](auto& x) { return x.text == text; });
  return result;
}

log_line log_record::only(std::string_view text) const {
  auto lines = with(text);
  REQUIRE_MESSAGE(lines.size() == 1, lines.size() << " lines of: " << text);
  return lines.front();
}

void log_record::sink(const actors::log_entry& x) {
  log_line line{x.level, std::string{x.component}, std::string{x.text}, {}};
  for (auto& field : x.fields)
    line.fields.emplace_back(field.key, field.value);
  current->lines_.push_back(std::move(line));
}

} // namespace clearance::test
