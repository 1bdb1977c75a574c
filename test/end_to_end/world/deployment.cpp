#include "test/end_to_end/world/deployment.hpp"

#include <doctest/doctest.h>

#include <cerrno>
#include <cstdlib>
#include <signal.h>
#include <sys/inotify.h>
#include <system_error>

namespace clearance::test {

namespace {

hub_options options_for(executor how, const fake_shield& shield,
                        std::vector<std::string> arguments) {
  hub_options result;
  result.arguments = std::move(arguments);
  if (how == executor::hub)
    result.shield = shield.program();
  return result;
}

} // namespace

std::filesystem::path terok_clearance() {
  const auto other = std::getenv("TEROK_CLEARANCE");
  return other ? other : TEST_TEROK_CLEARANCE;
}

child_options serve(const runtime& where, hub_options options) {
  auto result = std::move(options.process);
  if (result.argv.empty())
    result.argv.push_back(terok_clearance());
  auto add = [&](std::initializer_list<std::string> words) {
    result.argv.insert(result.argv.end(), words);
  };
  add({"serve", "--clearance-socket", where.clearance(), "--reader-socket",
       where.reader()});
  if (options.inline_verdict || !options.shield.empty())
    add({"--inline-verdict"});
  else
    add({"--verdict-socket", where.verdict()});
  if (!options.shield.empty())
    add({"--shield", options.shield});
  for (auto& word : options.arguments)
    result.argv.push_back(std::move(word));
  return result;
}

child_options serve_verdict(const runtime& where,
                            const std::filesystem::path& shield) {
  child_options result;
  result.argv = {terok_clearance(), "serve-verdict", "--socket",
                 where.verdict(),   "--shield",      shield};
  return result;
}

child start(child_options options,
            const std::vector<std::filesystem::path>& sockets) {
  // The programs must not use systemd and sockets of the session that runs the
  // tests. Under AddressSanitizer freed memory must not look like a leak.
  for (auto name : {"NOTIFY_SOCKET", "JOURNAL_STREAM", "LISTEN_FDS"})
    options.environment.emplace_back(name, "");
  if (!std::getenv("ASAN_OPTIONS"))
    options.environment.emplace_back("ASAN_OPTIONS", "quarantine_size_mb=1");
  child result{std::move(options)};
  const deadline guard;
  for (const auto& path : sockets)
    while (!accepts(path)) {
      if (!result.running())
        throw hung("ended instead of serving " + path.string() + ": "
                   + result.err());
      guard.pace("a server at " + path.string() + "; its stderr:\n"
                     + result.err(),
                 {result.pidfd()});
    }
  return result;
}

hub::hub(const runtime& where, hub_options options)
    : clearance_(where.clearance()),
      reader_(where.reader()),
      mark_container_(options.mark_container),
      process_(start(serve(where, std::move(options)),
                     {where.clearance(), where.reader()})),
      emitter_(reader_) {
  // nop
}

std::string hub::mark() {
  auto result = std::to_string(++marks_);
  emit(mark_line(mark_container_, result));
  return result;
}

varlink_client hub::subscriber() {
  auto result = client();
  result.send("org.terok.Clearance1.Subscribe", {}, R"("more":true)");
  result.socket().await_taken();
  // The hub may have read the call without having handled it. So marks are sent
  // until one arrives.
  const deadline guard;
  auto last = mark();
  while (!result.take_mark()) {
    if (result.socket().readable())
      continue;
    guard.pace("a subscription", {result.socket().fd()});
    if (!result.socket().readable())
      last = mark();
  }
  if (result.last_mark() != last)
    result.await_mark(last);
  return result;
}

std::vector<wire_event> hub::events_of(std::string_view line,
                                       varlink_client& subscriber) {
  emit(std::string(line) + "\n");
  return subscriber.events_until(mark());
}

ending hub::stop(std::chrono::milliseconds guard) {
  process_.kill(SIGTERM);
  return process_.wait(guard);
}

operation::operation(executor how, std::string_view shield_words,
                     std::string_view shield_stderr,
                     std::vector<std::string> hub_arguments,
                     std::string_view shield_can)
    : shield(shield_words, shield_stderr, shield_can),
      helper(how == executor::hub ? std::nullopt
                                  : std::optional<child>(start(
                                      serve_verdict(where, shield.program()),
                                      {where.verdict()}))),
      server(where, options_for(how, shield, std::move(hub_arguments))) {
  // nop
}

executor each_executor() {
  auto result = executor::hub;
  SUBCASE("verdicts run in the hub") {
    result = executor::hub;
  }
  SUBCASE("verdicts run in the helper") {
    result = executor::helper;
  }
  return result;
}

} // namespace clearance::test
