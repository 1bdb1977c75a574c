#include "test/end_to_end/guard/fake_name_server.hpp"

#include <array>
#include <cstdlib>
#include <netinet/in.h>
#include <sys/socket.h>

namespace clearance::test {

namespace {

constexpr std::size_t header_size = 12;

std::string number16(unsigned x) {
  return {static_cast<char>(x >> 8 & 0xff), static_cast<char>(x & 0xff)};
}

bool read_whole(int fd, char* to, std::size_t size) {
  return ::recv(fd, to, size, MSG_WAITALL) == static_cast<ssize_t>(size);
}

} // namespace

std::string fake_name_server::address_for(const std::string& label,
                                          std::uint16_t port) {
  const auto at = [](unsigned last) {
    return std::string{static_cast<char>(203), 0, 113, static_cast<char>(last)};
  };
  if (label == "inner")
    return {10, 0, 0, 1};
  if (label == "turn")
    return at(turn_++);
  if (label == "moves")
    return at(asked_for_moves_++ == 0 ? 20 : 21);
  if (label == "port")
    return std::string{static_cast<char>(198), 51} + number16(port);
  if (label == "long")
    return at(77);
  if (label.starts_with('a'))
    return at(static_cast<unsigned>(std::atoi(label.c_str() + 1)));
  return {};
}

std::string fake_name_server::answer(std::string_view query,
                                     const how_asked& how) {
  if (query.size() < header_size + 6)
    return {};
  const auto label_size = static_cast<unsigned char>(query[header_size]);
  const std::string label{query.substr(header_size + 1, label_size)};
  const auto name_end = query.find('\0', header_size);
  if (name_end == std::string_view::npos || name_end + 5 > query.size())
    return {};
  const auto question = query.substr(header_size, name_end + 5 - header_size);
  const bool v4 = question[question.size() - 3] == 1; // type A
  // Too long for a datagram: the program has to ask again over TCP.
  const bool cut = label == "long" && !how.stream;
  const auto address =
      v4 && !cut ? address_for(label, how.port) : std::string{};
  const unsigned count = address.empty() ? 0 : label == "long" ? 400 : 1;
  std::string out{query.substr(0, 2)};
  out += number16(cut ? 0x8380 : 0x8180); // an answer, recursion, cut
  out += number16(1) + number16(count) + number16(0) + number16(0);
  out += question;
  for (unsigned i = 0; i < count; ++i)
    // The name is that of the question; type A, internet, 60 s.
    out += number16(0xc00c) + number16(1) + number16(1) + number16(0)
           + number16(60) + number16(4) + address;
  return out;
}

void fake_name_server::serve_datagram(int socket) {
  std::array<char, 1500> bytes{};
  sockaddr_in from{};
  socklen_t size = sizeof from;
  const auto n = ::recvfrom(socket, bytes.data(), bytes.size(), 0,
                            reinterpret_cast<sockaddr*>(&from), &size);
  if (n <= 0)
    return;
  const auto out = answer({bytes.data(), static_cast<std::size_t>(n)},
                          {ntohs(from.sin_port), false});
  ::sendto(socket, out.data(), out.size(), 0,
           reinterpret_cast<const sockaddr*>(&from), size);
}

void fake_name_server::serve_stream(int listener) {
  const unique_fd fd{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
  std::array<unsigned char, 2> size{};
  if (!read_whole(fd.get(), reinterpret_cast<char*>(size.data()), size.size()))
    return;
  std::string query(std::size_t{size[0]} << 8 | size[1], '\0');
  if (!read_whole(fd.get(), query.data(), query.size()))
    return;
  auto out = answer(query, {0, true});
  out.insert(0, number16(static_cast<unsigned>(out.size())));
  ::send(fd.get(), out.data(), out.size(), MSG_NOSIGNAL);
}

} // namespace clearance::test
