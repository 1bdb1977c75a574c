// Input: a filter that a person types, a newline, and the message of a hub.

#include "protocol/operator/operator_answer.hpp"

#include "protocol/operator/prompt_filter.hpp"
#include "protocol/operator/prompt_list.hpp"
#include "test/fuzz/fuzz.hpp"

#include <algorithm>
#include <string>

namespace operator_answer_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void check_prompt(const listed_prompt& x, const prompt_filter& filter) {
  require(!x.id.empty(), "a prompt has an id");
  require(!filter.empty() || filter.fits(x), "an empty filter shows all");
  (void)filter.fits(x);
  std::string text = R"({"parameters":{"prompt":)";
  append_listed_prompt(text, x);
  auto back = parse_operator_answer(text + "}}");
  require(back.has_value(), "what is written is a message");
  auto reply = read_watch_reply(*back);
  require(reply.has_value() && reply->prompt == x,
          "a prompt that is written reads back");
}

void run(const std::uint8_t* data, std::size_t size) {
  const auto input = clearance::test::as_text(data, size);
  const auto end = std::min(input.find('\n'), input.size());
  const prompt_filter filter{input.substr(0, end)};
  const auto answer = parse_operator_answer(
      end == input.size() ? std::string_view{} : input.substr(end + 1));
  if (!answer)
    return;
  (void)answer->find("decision");
  auto reply = read_watch_reply(*answer);
  if (!reply)
    return;
  for (const auto& x : reply->prompts)
    check_prompt(x, filter);
  if (reply->prompt)
    check_prompt(*reply->prompt, filter);
  prompt_list list;
  list.connected("h");
  list.apply("h", *reply);
  list.apply("h", std::move(*reply));
  std::size_t stale = 0;
  for (const auto& [number, x] : list.all()) {
    require(list.find(x.key) == &x, "each prompt is found by its key");
    stale += x.is_stale ? 1 : 0;
  }
  require(stale == 0 || list.hubs().at("h").status == link_status::loading,
          "a complete snapshot leaves nothing stale");
}

const clearance::test::fuzzer registered{"operator_answer", run};

} // namespace

} // namespace operator_answer_fuzzer
