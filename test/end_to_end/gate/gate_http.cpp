// HTTP as the gate speaks it: framing, persistence, bounds.

#include "test/end_to_end/world/gate_deployment.hpp"

#include <doctest/doctest.h>

#include <signal.h>

namespace gate_http_tests {

using namespace clearance::test;
namespace fs = std::filesystem;

namespace {

const std::string refs = "/r.git/info/refs?service=git-upload-pack";
const std::string ours = authorization(gate_world::token);

// Lists refs: a body that is a whole small request to git itself.
const std::string list = "0014command=ls-refs\n0000";
const std::vector<std::string> list_fields{
    ours, "Git-Protocol: version=2",
    "Content-Type: application/x-git-upload-pack-request"};

std::string post_list(std::vector<std::string> more, std::string_view body) {
  more.insert(more.end(), list_fields.begin(), list_fields.end());
  return http_request("POST", "/r.git/git-upload-pack", more, body);
}

bool lists(const http_response& x) {
  return x.status == 200 && x.body.find("refs/heads/main") != std::string::npos;
}

} // namespace

TEST_CASE("a connection takes one request after another") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  for (int i = 0; i < 5; ++i) {
    CHECK_EQ(client.call(http_request("GET", refs, {ours})).status, 200);
    CHECK(lists(client.call(post_list({}, list))));
    CHECK(lists(client.call(
        post_list({"Transfer-Encoding: chunked"}, chunked(list, 5)))));
    CHECK_EQ(client.call(http_request("GET", "/nothing")).status, 404);
    // A refused body of known length is read, and the next request served.
    CHECK_EQ(client.call(http_request("POST", "/nothing", {}, "body")).status,
             404);
    CHECK_EQ(client.call(http_request("GET", refs)).status, 401);
  }
}

TEST_CASE("requests that are sent ahead are answered in order") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  client.send(http_request("GET", "/r.git/HEAD", {ours}) + post_list({}, list)
              + post_list({"Transfer-Encoding: chunked"}, chunked(list, 7))
              + http_request("GET", "/nothing")
              + http_request("GET", "/r.git/HEAD", {ours}));
  CHECK_EQ(client.next().body, "ref: refs/heads/main\n");
  CHECK(lists(client.next()));
  CHECK(lists(client.next()));
  CHECK_EQ(client.next().status, 404);
  CHECK_EQ(client.next().body, "ref: refs/heads/main\n");
}

TEST_CASE("a client that wants no more gets its response and the end") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  const auto x = client.call(
      http_request("GET", "/r.git/HEAD", {ours, "Connection: close"}));
  CHECK_EQ(x.body, "ref: refs/heads/main\n");
  CHECK_EQ(x.field("Connection"), "close");
  CHECK_EQ(client.rest(), "");
}

TEST_CASE("an HTTP/1.0 client gets a response without chunks, and the end") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  client.send("GET " + refs + " HTTP/1.0\r\n" + ours + "\r\n\r\n");
  const auto x = client.next();
  CHECK_EQ(x.status, 200);
  CHECK_EQ(x.field("Transfer-Encoding"), "");
  CHECK_EQ(x.field("Connection"), "close");
  CHECK(x.body.starts_with("001e# service=git-upload-pack\n0000"));
  CHECK(x.body.ends_with("0000"));
}

TEST_CASE("100 Continue comes when the body will be read, and only then") {
  const gate_world world;
  world.seed();
  const gate server{world};
  {
    auto client = server.client();
    const auto whole =
        post_list({"Expect: 100-continue", "Content-Length: 24"}, list);
    client.send(whole.substr(0, whole.size() - list.size()));
    CHECK_EQ(client.next_head().status, 100);
    client.send(list);
    CHECK(lists(client.next()));
    CHECK(lists(client.call(post_list({}, list))));
  }
  {
    // Refused: no body is asked for, and none is waited for.
    auto client = server.client();
    client.send(http_request("POST", "/r.git/git-upload-pack",
                             {"Expect: 100-continue", "Content-Length: 24"}));
    const auto x = client.next();
    CHECK_EQ(x.status, 401);
    CHECK_EQ(x.field("Connection"), "close");
    CHECK_EQ(client.rest(), "");
  }
  CHECK_EQ(server.client()
               .call(http_request("GET", refs, {ours, "Expect: tea"}))
               .status,
           417);
}

TEST_CASE("framing that is malformed or could be read in two ways is refused") {
  const gate_world world;
  world.seed();
  const gate server{world};
  for (std::string fields : {
           "Content-Length: 24\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding: chunked\r\nContent-Length: 24\r\n",
           "Content-Length: 24\r\nContent-Length: 24\r\n",
           "Content-Length: 24\r\nContent-Length: 5\r\n",
           "Content-Length: 24, 24\r\n",
           "Content-Length: -24\r\n",
           "Content-Length: +24\r\n",
           "Content-Length: many\r\n",
           "Content-Length: 18446744073709551616\r\n",
           "Content-Length: \r\n",
           "Transfer-Encoding: gzip\r\n",
           "Transfer-Encoding: gzip, chunked\r\n",
           "Transfer-Encoding: chunked, identity\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length : 24\r\n",
           "X: a\x01z\r\n",
           "X: \x1b[31m\r\n",
           "X: a\x7f\r\n",
           "X: a\rb\r\n",
           "X\r\n",
           ": x\r\n",
       }) {
    CAPTURE(fields);
    auto client = server.client();
    client.send("POST /r.git/git-upload-pack HTTP/1.1\r\nHost: g\r\n" + ours
                + "\r\n" + fields + "\r\n" + list + "0\r\n\r\n");
    const auto x = client.next();
    CHECK_EQ(x.status, 400);
    CHECK_EQ(x.field("Connection"), "close");
    CHECK_EQ(client.rest(), "");
  }
}

TEST_CASE("a request names one host") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto answer = [&](std::string_view version, std::string_view hosts) {
    auto client = server.client();
    client.send("GET /r.git/HEAD HTTP/" + std::string(version) + "\r\n" + ours
                + "\r\n" + std::string(hosts) + "\r\n");
    return client.next().status;
  };
  CHECK_EQ(answer("1.1", "Host: g\r\n"), 200);
  CHECK_EQ(answer("1.1", "Host: [::1]:80\r\n"), 200);
  CHECK_EQ(answer("1.1", "Host:\r\n"), 200); // RFC 9112, section 3.2
  CHECK_EQ(answer("1.1", ""), 400);
  CHECK_EQ(answer("1.0", ""), 200);
  for (auto version : {"1.1", "1.0"})
    for (auto hosts :
         {"Host: g\r\nHost: g\r\n", "Host: g\r\nhost: h\r\n", "Host: a, b\r\n",
          "Host: a b\r\n", "Host: a/b\r\n", "Host: u@g\r\n"})
      CHECK_EQ(answer(version, hosts), 400);
}

TEST_CASE("empty lines before a request are ignored") {
  const gate_world world;
  world.seed();
  const gate server{world};
  auto client = server.client();
  const auto get = http_request("GET", "/r.git/HEAD", {ours});
  CHECK_EQ(client.call("\r\n" + get).status, 200);
  CHECK_EQ(client.call("\r\n\r\n" + get).status, 200);
  // An old client's end of line behind its body.
  CHECK(lists(client.call(post_list({}, list) + "\r\n")));
  CHECK_EQ(client.call(get).status, 200);
  auto endless = server.client();
  std::string lines;
  while (lines.size() < 20000)
    lines += "\r\n";
  endless.send(lines);
  CHECK_EQ(endless.next().status, 431);
  CHECK_EQ(endless.rest(), "");
}

TEST_CASE("a malformed chunk is refused, whatever git has done already") {
  const gate_world world;
  world.seed();
  const gate server{world};
  for (const auto& body : std::vector<std::string>{
           "x\r\n\r\n",
           "5\r\n00140\r\nyz\r\n\r\n",
           "5\r\n0014cXX\r\n\r\n",
           "-5\r\n0014c\r\n\r\n",
           "fffffffffffffffff\r\n\r\n",
           "18\r\n" + list + "\r\n0\r\nbad trailer\r\n\r\n",
       }) {
    CAPTURE(body);
    auto client = server.client();
    client.send(post_list({"Transfer-Encoding: chunked"}, body));
    CHECK_EQ(client.next().status, 400);
    CHECK_EQ(client.rest(), "");
  }
}

TEST_CASE("headers have a bound, and a request line is part of them") {
  const gate_world world;
  const gate server{world};
  auto sized = [](std::size_t bytes) {
    const std::string start = "GET /nothing HTTP/1.1\r\nHost: g\r\nX: ";
    return start + std::string(bytes - start.size() - 4, 'x') + "\r\n\r\n";
  };
  auto client = server.client();
  CHECK_EQ(client.call(sized(16384)).status, 404);
  CHECK_EQ(client.call(sized(16385)).status, 431);
  CHECK_EQ(client.rest(), "");
  CHECK_EQ(server.client()
               .call("GET /" + std::string(20000, 'x') + " HTTP/1.1\r\n")
               .status,
           431);
}

TEST_CASE("a request is the same wherever it is cut") {
  const gate_world world;
  world.seed();
  const auto options = gate_on_socket(world);
  child server{options};
  server.await_err("serving");
  const auto whole =
      post_list({"Transfer-Encoding: chunked"}, chunked(list, 9));
  http_client client{raw_socket{world.socket()}};
  for (std::size_t cut = 1; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    client.socket().send_apart(std::string_view(whole).substr(0, cut));
    client.send(std::string_view(whole).substr(cut));
    REQUIRE(lists(client.next()));
  }
  for (const char c : whole)
    client.socket().send_apart({&c, 1});
  CHECK(lists(client.next()));
}

TEST_CASE("a request that ends anywhere is the end of its connection alone") {
  const gate_world world;
  world.seed();
  child server{gate_on_socket(world)};
  server.await_err("serving");
  const auto whole =
      post_list({"Transfer-Encoding: chunked"}, chunked(list, 9));
  for (std::size_t cut = 0; cut < whole.size(); ++cut) {
    CAPTURE(cut);
    raw_socket socket{world.socket()};
    socket.send(std::string_view(whole).substr(0, cut));
    socket.half_close();
    // Nothing, or what was said before: never a response that looks whole.
    CHECK_FALSE(socket.read_to_end().ends_with("0\r\n\r\n"));
  }
  await_no_descendants(server.pid());
  http_client client{raw_socket{world.socket()}};
  CHECK(lists(client.call(whole)));
}

TEST_CASE("a refused body is read up to a bound, and the next request served") {
  const gate_world world;
  const gate server{world};
  const std::string most(1024 * 1024, 'x');
  auto client = server.client();
  auto client2 = server.client();
  CHECK_EQ(client.call(http_request("POST", "/nothing", {}, most)).status, 404);
  CHECK_EQ(client.call(http_request("GET", "/nothing")).status, 404);
  const auto x = client.call(http_request("POST", "/nothing", {}, most + "x"));
  CHECK_EQ(x.status, 404);
  CHECK_EQ(x.field("Connection"), "close");
  CHECK_EQ(client.rest(), "");
  // Whoever goes on sending sees the response, not a reset.
  auto eager = server.client();
  eager.send(http_request("POST", "/nothing", {"Transfer-Encoding: chunked"}));
  const auto piece = chunked(most, most.size());
  for (int i = 0; i < 4; ++i)
    eager.send(std::string_view(piece).substr(0, piece.size() - 5));
  CHECK_EQ(eager.next().status, 404);
  // A body of unknown length that has an end is read like any other.
  CHECK_EQ(
      client2
          .call(http_request("POST", "/nothing", {"Transfer-Encoding: chunked"},
                             chunked("body", 3)))
          .status,
      404);
  CHECK_EQ(client2.call(http_request("GET", "/nothing")).status, 404);
}

TEST_CASE("more connections than there may be wait for their turn") {
  const gate_world world;
  world.seed();
  child server{gate_on_socket(world)};
  server.await_err("serving");
  std::vector<raw_socket> idle;
  for (int i = 0; i < 512; ++i)
    idle.emplace_back(world.socket());
  http_client late{raw_socket{world.socket()}};
  late.send(http_request("GET", refs, {ours}));
  server.await_err("too many connections");
  CHECK_FALSE(late.socket().readable());
  idle.pop_back();
  CHECK_EQ(late.next().status, 200);
}

TEST_CASE("200 clients that never finish a request hold up nobody") {
  const gate_world world;
  world.seed();
  const gate server{world};
  std::vector<http_client> half;
  const auto whole = http_request("GET", refs, {ours});
  for (std::size_t i = 0; i < 200; ++i) {
    half.push_back(server.client());
    half.back().send(whole.substr(0, 1 + i % (whole.size() - 1)));
  }
  auto good = server.client();
  CHECK_EQ(good.call(whole).status, 200);
  CHECK_EQ(good.call(http_request("GET", "/r.git/HEAD", {ours})).status, 200);
  // They can still finish.
  half[150].send(whole.substr(1 + 150 % (whole.size() - 1)));
  CHECK_EQ(half[150].next().status, 200);
}

TEST_CASE("a socket is ours alone, and gone when the gate is") {
  const gate_world world;
  world.seed();
  {
    // Stale: bound once, and nobody listens.
    child dead{gate_on_socket(world)};
    dead.await_err("serving");
    dead.kill(SIGKILL);
    dead.wait();
    CHECK(fs::is_socket(world.socket()));
  }
  child server{gate_on_socket(world)};
  server.await_err("serving");
  CHECK_EQ(mode_of(world.socket()), 0600);
  http_client client{raw_socket{world.socket()}};
  CHECK_EQ(client.call(http_request("GET", refs, {ours})).status, 200);
  child second{gate_on_socket(world)};
  CHECK_EQ(second.wait(), exited(1));
  CHECK_NE(second.err().find("another server"), std::string::npos);
  CHECK_EQ(client.call(http_request("GET", refs, {ours})).status, 200);
  server.kill(SIGTERM);
  CHECK_EQ(server.wait(), exited(0));
  CHECK_FALSE(fs::exists(world.socket()));
}

TEST_CASE("what is no socket is refused and kept") {
  const gate_world world;
  write_file(world.socket(), "precious");
  child server{gate_on_socket(world)};
  CHECK_EQ(server.wait(), exited(1));
  CHECK_NE(server.err().find(world.socket().string()), std::string::npos);
  CHECK_EQ(read_file(world.socket()), "precious");
}

} // namespace gate_http_tests
