/// Stands for the HTTP server and its requests in actor tests.
#pragma once

#include "actors/gate/http_port.hpp"

#include <caf/send.hpp>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clearance::test {

/// The result of a request as the client sees it. It outlives the actor.
struct recorded_request {
  protocol::request_head head;
  actors::peer who{1000, 42, "git"};
  actors::http_request_owner owner;
  std::vector<actors::backend_plan> plans; ///< the plans that were started
  int serve_error = 0;                     ///< serve() returns this
  int status = 0;                          ///< the status that refuse() got
  std::string text;
  protocol::http_fields fields;
  int asked_for_speed = 0; ///< calls of end_if_slow()
  bool dropped = false;

  /// The response is written, or the client has left.
  void end(actors::answered x) { caf::anon_send(owner, std::move(x)); }
};

using recorded_request_ptr = std::shared_ptr<recorded_request>;

/// A request for `target` with `token` as credentials; empty: without any.
inline recorded_request_ptr make_request(std::string method, std::string target,
                                         std::string_view token) {
  auto result = std::make_shared<recorded_request>();
  result->head.method = std::move(method);
  result->head.target = std::move(target);
  if (!token.empty()) {
    result->head.has_authorization = true;
    result->head.tokens.push_back(protocol::sha256(token));
  }
  return result;
}

class dummy_request final : public actors::http_request {
public:
  explicit dummy_request(recorded_request_ptr record)
      : record_(std::move(record)) {
    // nop
  }
  ~dummy_request() override { record_->dropped = true; }

  const protocol::request_head& head() const noexcept override {
    return record_->head;
  }
  const actors::peer& who() const noexcept override { return record_->who; }
  void own(actors::http_request_owner owner) override {
    record_->owner = std::move(owner);
  }
  void refuse(int status, std::string_view text,
              const protocol::http_fields& fields) override {
    record_->status = status;
    record_->text = text;
    record_->fields = fields;
  }
  int serve(const actors::backend_plan& plan) override {
    if (record_->serve_error == 0)
      record_->plans.push_back(plan);
    return record_->serve_error;
  }
  void end_if_slow() override { ++record_->asked_for_speed; }

private:
  recorded_request_ptr record_;
};

/// A listener without a socket.
class fake_http final : public actors::http_host {
public:
  caf::expected<std::unique_ptr<actors::http_listener>>
  listen_http(const actors::http_listen_spec& spec,
              actors::request_owner new_owner) override {
    if (error)
      return error;
    specs.push_back(spec);
    owner = std::move(new_owner);
    listening = true;
    return std::unique_ptr<actors::http_listener>(new recorded(*this));
  }

  /// Gives a request to the actor that listens.
  void bring(const recorded_request_ptr& x) {
    caf::anon_send(owner,
                   actors::requested{std::make_shared<dummy_request>(x)});
  }

  caf::error error; ///< if set, listen_http() fails with it
  std::vector<actors::http_listen_spec> specs;
  actors::request_owner owner;
  bool listening = false;

private:
  class recorded final : public actors::http_listener {
  public:
    explicit recorded(fake_http& host) : host_(host) {}
    ~recorded() override {
      host_.listening = false;
      host_.owner = nullptr;
    }
    std::uint64_t refused() const noexcept override { return 0; }
    std::string where() const override { return "nowhere"; }

  private:
    fake_http& host_;
  };
};

/// Make it the first base of a fixture: it must outlive actors that listen.
struct with_http {
  fake_http http;
};

} // namespace clearance::test
