#include "services/web/prompt_stream.hpp"

#include "protocol/json/json_tree.hpp"
#include "protocol/operator/client_limits.hpp"
#include "protocol/web/limits.hpp"

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <random>

namespace prompt_stream_tests {

using namespace clearance::protocol;
using namespace clearance::services;

namespace {

listed_prompt prompt_called(const std::string& id, std::int64_t revision = 1) {
  listed_prompt x;
  x.id = id;
  x.revision = revision;
  x.container = "6f1d2c3b4a59";
  x.target = id + ".example";
  x.domain = x.target;
  x.dest = "203.0.113.7";
  x.addresses = {x.dest};
  return x;
}

watch_reply changed_to(const std::string& id, std::int64_t revision = 1) {
  watch_reply x;
  x.prompt = prompt_called(id, revision);
  return x;
}

/// What a page knows: the target and the revision of each prompt, by number.
struct page_model {
  using prompts = std::map<std::int64_t, std::pair<std::string, std::int64_t>>;

  void take(const std::string& line) {
    REQUIRE(line.ends_with('\n'));
    const auto x = parse_json_tree(line);
    REQUIRE(x);
    if (x->find("reset") != nullptr)
      incoming.emplace();
    auto& to = incoming ? *incoming : known;
    for (const auto& each : x->find("prompts")->items)
      to[*each.find("number")->integer()] = {each.find("target")->text,
                                             *each.find("revision")->integer()};
    const auto* now = x->find("version");
    if (now == nullptr)
      return;
    if (const auto* removed = x->find("removed"))
      for (const auto& each : removed->items)
        to.erase(*each.integer());
    if (incoming)
      known = std::move(*incoming);
    incoming.reset();
    version = static_cast<std::uint64_t>(*now->integer());
  }

  prompts known;
  std::optional<prompts> incoming;
  std::uint64_t version = 0;
};

page_model::prompts all_of(const prompt_list& list) {
  page_model::prompts result;
  for (const auto& [number, x] : list.all())
    result[static_cast<std::int64_t>(number)] = {x.prompt.target,
                                                 x.prompt.revision};
  return result;
}

std::string line_of(prompt_stream& from) {
  std::string line;
  from.write(1'000'000, line);
  return line;
}

} // namespace

TEST_CASE("a page that begins gets a line, also of an empty list") {
  const prompt_list list;
  prompt_stream stream{list, 0};
  CHECK(stream.is_behind());
  CHECK(line_of(stream)
        == "{\"now\":1000000,\"reset\":true,\"prompts\":[],\"hubs\":[],"
           "\"version\":0}\n");
  CHECK_FALSE(stream.is_behind());
  CHECK(line_of(stream).empty());
}

TEST_CASE("then it gets what changes, and hubs if they changed") {
  prompt_list list;
  list.connected("/run/h.sock");
  list.apply("/run/h.sock", changed_to("a"));
  prompt_stream stream{list, 0};
  page_model page;
  page.take(line_of(stream));
  list.apply("/run/h.sock", changed_to("b"));
  const auto second = line_of(stream);
  CHECK(second.find("\"hubs\"") == std::string::npos);
  CHECK(second.find("a.example") == std::string::npos);
  page.take(second);
  CHECK(page.known == all_of(list));
  list.disconnected("/run/h.sock", "it is gone");
  const auto third = line_of(stream);
  CHECK(third.find("it is gone") != std::string::npos);
  CHECK(third.find("\"stale\":true") != std::string::npos);
}

TEST_CASE("who comes back gets only what is new") {
  prompt_list list;
  list.connected("h");
  list.apply("h", changed_to("a"));
  prompt_stream first{list, 0};
  page_model page;
  page.take(line_of(first));
  list.apply("h", changed_to("b"));
  watch_reply gone;
  gone.removed = {"a"};
  list.apply("h", gone);
  prompt_stream second{list, page.version};
  const auto line = line_of(second);
  CHECK(line.find("\"reset\"") == std::string::npos);
  CHECK(line.find("\"removed\":[1]") != std::string::npos);
  CHECK(line.find("\"hubs\"") != std::string::npos);
  page.take(line);
  CHECK(page.known == all_of(list));
}

TEST_CASE("a version of another server is none") {
  prompt_list list;
  list.connected("h");
  list.apply("h", changed_to("a"));
  prompt_stream stream{list, 999};
  CHECK(line_of(stream).find("\"reset\":true") != std::string::npos);
}

TEST_CASE("a long list comes in pieces of a bounded size") {
  prompt_list list;
  list.connected("h");
  for (int i = 0; i < 1000; ++i)
    list.apply("h", changed_to(std::to_string(i)));
  prompt_stream stream{list, 0};
  page_model page;
  int pieces = 0;
  while (stream.is_behind()) {
    const auto line = line_of(stream);
    CHECK(line.size() < web_limits::piece_max_bytes + 4096);
    page.take(line);
    ++pieces;
  }
  CHECK(pieces > 4);
  CHECK(page.known == all_of(list));
}

TEST_CASE("every text of a container is printable ASCII in the page's JSON") {
  prompt_list list;
  list.connected("h");
  auto x = changed_to("a");
  const std::string bad = "</script>\x1b[31m\xe2\x80\xae\"\\\n";
  x.prompt->target = x.prompt->domain = x.prompt->container = bad;
  x.prompt->dest = x.prompt->opens = x.prompt->rule = bad;
  x.prompt->addresses = {bad};
  x.prompt->flags = {bad};
  x.prompt->dossier = {{bad, bad}, {"task", bad}, {"container_name", bad}};
  x.prompt->decision.emplace();
  x.prompt->decision->reason = bad;
  x.prompt->decision->by.name = bad;
  list.apply("h", x);
  prompt_stream stream{list, 0};
  auto line = line_of(stream);
  line.pop_back();
  for (char c : line)
    CHECK((c >= ' ' && c <= '~'));
  CHECK(parse_json_tree(line));
}

TEST_CASE("a page follows any changes, whenever it reads and comes back") {
  std::mt19937 random{7};
  const auto choose = [&](unsigned n) { return random() % n; };
  int resets = 0;
  int resumed = 0;
  for (int round = 0; round < 40; ++round) {
    prompt_list list;
    page_model page;
    std::optional<prompt_stream> stream;
    stream.emplace(list, 0);
    for (int step = 0; step < 300; ++step) {
      const std::string hub(1, static_cast<char>('g' + choose(2)));
      watch_reply x;
      switch (choose(9)) {
      case 0:
        list.connected(hub);
        break;
      case 1:
        if (choose(8) == 0)
          list.remove_hub(hub);
        break;
      case 2:
        x.removed = {std::to_string(choose(300))};
        list.apply(hub, x);
        break;
      case 3:
        // More than one piece.
        for (int i = 0; i < 150; ++i)
          x.prompts.push_back(prompt_called(std::to_string(choose(300)), step));
        list.apply(hub, x);
        break;
      case 4:
        x.complete = true;
        list.apply(hub, x);
        break;
      case 5:
        stream.emplace(list, page.version);
        page.incoming.reset();
        resumed += page.version != 0 ? 1 : 0;
        break;
      default:
        if (auto line = line_of(*stream); !line.empty()) {
          resets += line.find("\"reset\"") != std::string::npos ? 1 : 0;
          page.take(line);
        }
        break;
      }
    }
    while (stream->is_behind())
      page.take(line_of(*stream));
    REQUIRE(page.known == all_of(list));
  }
  CHECK(resets > 10);
  CHECK(resumed > 100);
}

} // namespace prompt_stream_tests
