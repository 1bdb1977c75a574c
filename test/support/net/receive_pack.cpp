#include "test/support/net/receive_pack.hpp"

#include <algorithm>
#include <cstdio>
#include <stdexcept>

namespace clearance::test {

namespace {

// A pack of version 2 without objects, and its SHA-1.
constexpr std::string_view empty_pack{
    "PACK\0\0\0\2\0\0\0\0"
    "\x02\x9d\x08\x82\x3b\xd8\xa8\xea\xb5\x10\xad\x6a\xc7\x5c\x82\x3c\xfd\x3e"
    "\xd3\x1e",
    32};

// Takes the next pkt-line's payload off `bytes`; empty: a flush packet.
std::string_view take_pkt(std::string_view& bytes) {
  if (bytes.size() < 4)
    throw std::runtime_error("a pkt-line is cut");
  const auto size = std::stoul(std::string(bytes.substr(0, 4)), nullptr, 16);
  if (size == 0) {
    bytes.remove_prefix(4);
    return {};
  }
  if (size < 4 || size > bytes.size())
    throw std::runtime_error("a pkt-line of a wrong size");
  const auto result = bytes.substr(4, size - 4);
  bytes.remove_prefix(size);
  return result;
}

void take_report_line(push_report& report, std::string_view line) {
  if (line.ends_with('\n'))
    line.remove_suffix(1);
  const auto space = line.find(' ');
  const auto word = line.substr(0, space);
  const std::string rest(space == line.npos ? "" : line.substr(space + 1));
  if (word == "unpack")
    report.unpack = rest;
  else if (word == "ok")
    report.refs[rest] = "ok";
  else if (word == "ng")
    report.refs[rest.substr(0, rest.find(' '))] =
        rest.substr(std::min(rest.size(), rest.find(' ') + 1));
}

} // namespace

std::string pkt_line(std::string_view payload) {
  char size[8];
  std::snprintf(size, sizeof size, "%04zx", payload.size() + 4);
  return std::string(size, 4).append(payload);
}

std::string receive_pack_body(const std::vector<push_command>& commands,
                              std::string_view capabilities) {
  std::string result;
  bool needs_pack = false;
  for (const auto& x : commands) {
    auto line = x.old_id + ' ' + x.new_id + ' ' + x.ref;
    if (result.empty())
      line.append(1, '\0')
          .append(" report-status side-band-64k delete-refs ")
          .append(capabilities);
    result += pkt_line(line);
    needs_pack = needs_pack || x.new_id.find_first_not_of('0') != line.npos;
  }
  result += "0000";
  return needs_pack ? result.append(empty_pack) : result;
}

std::string receive_pack_request(std::string_view token,
                                 std::string_view body) {
  return http_request("POST", "/r.git/git-receive-pack",
                      {authorization(token),
                       "Content-Type: application/x-git-receive-pack-request"},
                      body);
}

bool push_report::ok(const std::string& ref) const {
  const auto i = refs.find(ref);
  return unpack == "ok" && i != refs.end() && i->second == "ok";
}

std::ostream& operator<<(std::ostream& out, const push_report& x) {
  out << x.status << " unpack: " << x.unpack << '\n' << x.said;
  for (const auto& [ref, what] : x.refs)
    out << ref << ": " << what << '\n';
  return out;
}

push_report read_push_report(const http_response& response) {
  push_report result;
  result.status = response.status;
  if (response.status != 200)
    return result;
  std::string_view rest = response.body;
  std::string report;
  while (!rest.empty()) {
    const auto line = take_pkt(rest);
    if (line.starts_with('\1'))
      report += line.substr(1);
    else if (line.starts_with('\2') || line.starts_with('\3'))
      result.said += line.substr(1);
  }
  for (rest = report; !rest.empty();)
    take_report_line(result, take_pkt(rest));
  return result;
}

} // namespace clearance::test
