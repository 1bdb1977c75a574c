#include "protocol/operator/flags.hpp"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

namespace operator_flags_tests {

using namespace clearance::protocol;

namespace {

using word_list = std::vector<std::string_view>;

word_list words_of_address(const char* text) {
  return find_flags(*parse_ip_address(text)).words();
}

word_list words_of_name(std::string_view domain) {
  return find_flags({.domain = domain, .addresses = {}}).words();
}

} // namespace

TEST_CASE("every flag has a word of its own") {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < flag_count; ++i)
    words.insert(to_string(static_cast<flag>(i)));
  CHECK_EQ(words.size(), flag_count);
  CHECK_EQ(to_string(flag::wide_target), "wide_target");
}

TEST_CASE("special addresses are flagged, at both ends of their ranges") {
  struct {
    const char* address;
    word_list words;
  } cases[]{
      {"9.255.255.255", {}},
      {"10.0.0.0", {"private_address"}},
      {"10.255.255.255", {"private_address"}},
      {"11.0.0.0", {}},
      {"172.15.255.255", {}},
      {"172.16.0.0", {"private_address"}},
      {"172.31.255.255", {"private_address"}},
      {"172.32.0.0", {}},
      {"192.168.0.1", {"private_address"}},
      {"192.169.0.0", {}},
      {"100.64.0.0", {"private_address"}},
      {"100.128.0.0", {}},
      {"126.255.255.255", {}},
      {"127.0.0.1", {"loopback"}},
      {"127.255.255.255", {"loopback"}},
      {"128.0.0.0", {}},
      {"0.0.0.0", {"loopback"}},
      {"169.253.255.255", {}},
      {"169.254.0.1", {"link_local"}},
      {"169.254.169.254", {"link_local", "metadata_service"}},
      {"100.100.100.200", {"private_address", "metadata_service"}},
      {"168.63.129.16", {"metadata_service"}},
      {"8.8.8.8", {}},
      {"::1", {"loopback"}},
      {"::", {"loopback"}},
      {"fe80::1", {"link_local"}},
      {"fd12::1", {"private_address"}},
      {"fd00:ec2::254", {"private_address", "metadata_service"}},
      {"2001:db8::1", {}},
      // the same addresses by another way
      {"::ffff:169.254.169.254", {"link_local", "metadata_service"}},
      {"64:ff9b::169.254.169.254", {"link_local", "metadata_service"}},
      {"64:ff9b::8.8.8.8", {}},
      {"2002:a00:1::1", {"private_address"}},
      {"::127.0.0.1", {"loopback"}},
  };
  for (const auto& x : cases)
    CHECK_MESSAGE(words_of_address(x.address) == x.words, x.address);
}

TEST_CASE("every address of a target counts") {
  std::vector<ip_address> addresses{*parse_ip_address("8.8.8.8"),
                                    *parse_ip_address("10.0.0.1")};
  CHECK(find_flags({.domain = "example.org", .addresses = addresses}).words()
        == word_list{"private_address"});
}

TEST_CASE("names are flagged") {
  CHECK(words_of_name("example.org").empty());
  CHECK(words_of_name("") == word_list{"no_name"});
  CHECK(words_of_name("xn--bcher-kva.example") == word_list{"punycode"});
  CHECK(words_of_name("LOCALHOST.") == word_list{"loopback"});
  CHECK(words_of_name("a.localhost") == word_list{"loopback"});
  CHECK(words_of_name("a.notlocalhost").empty());
  CHECK(words_of_name("metadata.google.internal.")
        == word_list{"metadata_service"});
  for (const auto* bad : {"10.0.0.1", "127.1", "0x7f000001", "::1", "[::1]",
                          "a_b.example", "a b", "a..b", "..."})
    CHECK_MESSAGE(words_of_name(bad) == word_list{"bad_name"}, bad);
}

// An allow of `com` opened all of it, and no flag said so.
TEST_CASE("a target that may be more than one host is flagged") {
  for (const auto* name : {"com", "ORG.", "registry", "notlocalhost"})
    CHECK_MESSAGE(words_of_name(name) == word_list{"wide_target"}, name);
  const word_list bad{"bad_name", "wide_target"};
  for (const auto* name : {"*.com", "*", "0.0.0.0/0", "a.org/8"})
    CHECK_MESSAGE(words_of_name(name) == bad, name);
  CHECK(
      find_flags({.domain = "a.org", .addresses = {}, .has_odd_address = true})
          .words()
      == word_list{"wide_target"});
}

TEST_CASE("what only the container's other prompts tell is flagged") {
  const flag_facts none{.domain = "a.org", .addresses = {}};
  auto with = [&](auto change) {
    auto x = none;
    change(x);
    return find_flags(x).words();
  };
  CHECK(find_flags(none).empty());
  CHECK(with([](auto& x) { x.address_is_shared = true; })
        == word_list{"shared_address"});
  CHECK(with([](auto& x) { x.open_prompts_of_container = 20; }).empty());
  CHECK(with([](auto& x) { x.open_prompts_of_container = 21; })
        == word_list{"many_targets"});
  CHECK(with([](auto& x) { x.allowed_before = true; })
        == word_list{"allowed_before"});
  CHECK(with([](auto& x) { x.automatic_failed = true; })
        == word_list{"automatic_failed"});
}

TEST_CASE("a range means special addresses only if it lies among them") {
  auto lies = [](const char* range, flag x) {
    return lies_within(*parse_ip_range(range), x);
  };
  CHECK(lies("10.0.0.0/8", flag::private_address));
  CHECK(lies("10.1.2.3", flag::private_address));
  CHECK_FALSE(lies("0.0.0.0/0", flag::private_address));
  CHECK_FALSE(lies("8.0.0.0/6", flag::private_address));
  CHECK_FALSE(lies("::/0", flag::private_address));
  CHECK(lies("169.254.169.254", flag::metadata_service));
  CHECK_FALSE(lies("169.254.0.0/16", flag::metadata_service));
  CHECK(lies("169.254.0.0/16", flag::link_local));
  CHECK(lies("64:ff9b::10.0.0.1", flag::private_address));
  CHECK_FALSE(lies("64:ff9b::/96", flag::private_address));
}

} // namespace operator_flags_tests
