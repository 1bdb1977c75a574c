#include "protocol/guard/nflog.hpp"

#include "test/fuzz/fuzz.hpp"

namespace nflog_fuzzer {

namespace {

using namespace clearance::protocol;
using clearance::test::require;

void run(const std::uint8_t* data, std::size_t size) {
  const auto datagram = clearance::test::as_text(data, size);
  const auto* end = datagram.data() + datagram.size();
  auto within = [&](std::string_view x) {
    return x.empty()
           || (x.data() >= datagram.data() && x.data() < end
               && x.data() + x.size() <= end);
  };
  nflog_datagram in(datagram);
  std::size_t count = 0;
  while (const auto x = in.next()) {
    require(++count <= size / 16, "a message has a header of 16 bytes");
    require(within(x->packet.payload) && within(x->packet.prefix),
            "a packet lies within its datagram");
    require(x->packet.prefix.find('\0') == std::string_view::npos,
            "a prefix ends before its NUL");
  }
  require(!in.next(), "the end is the end");
}

const clearance::test::fuzzer registered{"nflog", run};

} // namespace

} // namespace nflog_fuzzer
