#include "actors/hub/audit.hpp"

#include "protocol/base/limits.hpp"
#include "protocol/text/text.hpp"

#include <initializer_list>
#include <string>
#include <vector>

namespace clearance::actors {

namespace {

void write_line(std::string_view text, const audited& x,
                std::initializer_list<log_field> more) {
  auto shown = [](std::string_view value) {
    return protocol::escaped(value, protocol::limits::text_max_chars);
  };
  const auto action = shown(x.action);
  const auto container = shown(x.container);
  const auto request_id = shown(x.request_id);
  const auto dest = shown(x.dest);
  const bool by_policy = !x.rule.empty();
  const auto uid = by_policy ? std::string{} : std::to_string(x.who.uid);
  const auto pid = by_policy ? std::string{} : std::to_string(x.who.pid);
  const auto rule = shown(x.rule);
  std::vector<log_field> fields{
      {"action", action},
      {"container", container},
      {"request_id", request_id},
      {"dest", dest},
      {"uid", uid},
      {"pid", pid},
      {"command", x.who.command},
      {"via", by_policy           ? "policy"
              : x.who.application ? "application"
                                  : "socket"},
      {"rule", rule},
  };
  fields.insert(fields.end(), more);
  log(severity::notice, x.component, text, fields);
}

std::string count_text(std::uint64_t n) {
  return n > 0 ? std::to_string(n) : std::string{};
}

} // namespace

void audit_applied(const audited& x) {
  write_line("verdict applied", x, {});
}

void audit_denied(std::string_view text, const audited& x, log_field why,
                  log_limiter& limiter, protocol::time_point now) {
  if (limiter.allow(now))
    write_line(
        text, x,
        {why,
         {"not_logged", count_text(limiter.take_withheld())},
         {"others_not_logged", count_text(limiter.take_rest_of_others())}});
}

void audit_rest(const peer& who, log_limiter& limiter,
                protocol::time_point now) {
  if (auto n = limiter.take_rest(now); n > 0)
    log(severity::notice, "audit", "more denied verdicts of a client that left",
        {{"uid", std::to_string(who.uid)},
         {"pid", std::to_string(who.pid)},
         {"command", who.command},
         {"not_logged", count_text(n)}});
}

} // namespace clearance::actors
