#include "protocol/guard/dns_relay.hpp"

#include "protocol/guard/dns_name.hpp"
#include "protocol/guard/limits.hpp"
#include "protocol/operator/name.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace clearance::protocol {

namespace {

constexpr std::size_t dns_header_bytes = 12;
constexpr unsigned flag_answer = 0x8000;
constexpr unsigned flags_opcode = 0x7800;
constexpr unsigned flag_recursion = 0x0100;
constexpr unsigned query_type_a = 1;
constexpr unsigned query_type_aaaa = 28;
constexpr unsigned query_class_internet = 1;
// Recursion desired, authentic data, checking disabled.
constexpr unsigned flags_kept = 0x0130;
constexpr unsigned record_type_opt = 41;
constexpr unsigned edns_flag_dnssec = 0x8000;

// A server may write a question's letters in another case.
std::string lower_case(std::string_view bytes) {
  std::string result{bytes};
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return result;
}

void put_number(std::string& to, unsigned value) {
  to += static_cast<char>(value >> 8 & 0xff);
  to += static_cast<char>(value & 0xff);
}

// Whether a name has no pointer. There is nothing before a question that a
// pointer could lead to except the header, whose id is about to change.
bool is_written_out(std::string_view name) {
  wire_reader in(name);
  for (unsigned size = in.u8(); size != 0 && in.ok(); size = in.u8()) {
    if (size > label_max_chars)
      return false;
    in.skip(size);
  }
  return in.ok();
}

// What a query says beside its question.
struct query_wishes {
  unsigned flags = 0; // of the header
  bool edns = false;  // has an OPT record
  unsigned edns_flags = 0;
};

query_wishes wishes_of(std::string_view message, std::size_t question_end) {
  wire_reader in(message);
  query_wishes result;
  in.skip(2); // id
  result.flags = in.u16() & flags_kept;
  in.skip(2); // questions
  const unsigned other_records = in.u16() + in.u16();
  const unsigned more_records = in.u16();
  in.seek(question_end);
  if (other_records != 0 || more_records == 0 || in.u8() != 0
      || in.u16() != record_type_opt)
    return result;
  in.skip(4); // size, extended code, version
  result.edns_flags = in.u16() & edns_flag_dnssec;
  result.edns = in.ok();
  return result;
}

std::string fresh_query(std::uint16_t id, std::string_view question,
                        const query_wishes& wishes) {
  std::string result;
  const unsigned opt_records = wishes.edns ? 1 : 0;
  for (const unsigned value :
       {unsigned{id}, wishes.flags, 1U, 0U, 0U, opt_records})
    put_number(result, value);
  result += question;
  if (!wishes.edns)
    return result;
  result += '\0'; // the root
  for (const unsigned value :
       {record_type_opt,
        static_cast<unsigned>(guard_limits::dns_message_max_bytes), 0U,
        wishes.edns_flags, 0U})
    put_number(result, value);
  return result;
}

std::string with_id(std::string_view message, std::uint16_t id) {
  std::string result;
  put_number(result, id);
  result += message.substr(2);
  return result;
}

} // namespace

std::optional<dns_question> parse_dns_question(std::string_view message) {
  wire_reader in(message);
  dns_question result;
  result.id = in.u16();
  const unsigned flags = in.u16();
  const auto questions = in.u16();
  in.seek(dns_header_bytes);
  if (!in.ok() || questions != 1 || (flags & flags_opcode) != 0)
    return std::nullopt;
  auto name = take_dns_name(message, in);
  const auto name_end = in.offset();
  in.skip(4); // type and class
  if (!name || !in.ok()
      || !is_written_out(
          message.substr(dns_header_bytes, name_end - dns_header_bytes)))
    return std::nullopt;
  result.answer = (flags & flag_answer) != 0;
  result.name = std::move(*name);
  result.bytes =
      message.substr(dns_header_bytes, in.offset() - dns_header_bytes);
  return result;
}

std::string dns_query(std::uint16_t id, std::string_view name, bool v6) {
  std::string result;
  for (const unsigned value : {unsigned{id}, flag_recursion, 1U, 0U, 0U, 0U})
    put_number(result, value);
  while (!name.empty()) {
    const auto label = name.substr(0, name.find('.'));
    result += static_cast<char>(label.size());
    result += label;
    name.remove_prefix(std::min(label.size() + 1, name.size()));
  }
  result += '\0';
  put_number(result, v6 ? query_type_aaaa : query_type_a);
  put_number(result, query_class_internet);
  return result;
}

std::optional<std::string> dns_relay::ask(std::string_view message,
                                          const dns_asker& who,
                                          std::uint16_t random,
                                          time_point now) {
  const auto question = parse_dns_question(message);
  if (!question || question->answer)
    return std::nullopt;
  forget_old(now);
  if (queries_.size() >= guard_limits::queries_max)
    forget_oldest();
  auto id = random;
  while (queries_.contains(id))
    ++id;
  queries_.emplace(id,
                   query{who, question->id, lower_case(question->bytes), now});
  order_.push_back(id);
  return fresh_query(
      id, question->bytes,
      wishes_of(message, dns_header_bytes + question->bytes.size()));
}

std::optional<dns_relay::reply> dns_relay::answer(std::string_view message,
                                                  time_point now) {
  forget_old(now);
  auto question = parse_dns_question(message);
  if (!question || !question->answer)
    return std::nullopt;
  const auto found = queries_.find(question->id);
  if (found == queries_.end()
      || found->second.question != lower_case(question->bytes))
    return std::nullopt;
  reply result{found->second.who, std::move(question->name),
               with_id(message, found->second.id)};
  queries_.erase(found);
  std::erase(order_, question->id);
  return result;
}

void dns_relay::forget_old(time_point now) {
  while (!order_.empty()
         && now - queries_.at(order_.front()).when >= guard_limits::query_time)
    forget_oldest();
}

void dns_relay::forget_oldest() {
  queries_.erase(order_.front());
  order_.pop_front();
}

} // namespace clearance::protocol
