// The order of the checks protects the repository. Source: gate.md, section 2.
//
//   method, path   first: the answer depends only on what the client sent
//   token          before all checks whose answer depends on the repositories
//   scope, access  before the query: the token of another repository learns
//                  nothing about this one
//   query          before a child is started: git would answer other queries
//                  with a list of all refs, hidden ones included
//   body's length  before a slot: git would end a larger fetch with an empty
//   200 a slot         last: a request that is refused uses none

#include "actors/gate/git_request.hpp"

#include "actors/base/log.hpp"
#include "protocol/gate/limits.hpp"
#include "protocol/gate/token_mark.hpp"
#include "protocol/text/error_text.hpp"
#include "protocol/text/text.hpp"

#include <cerrno>
#include <string>
#include <utility>

namespace clearance::actors {

namespace gate_limits = protocol::gate_limits;
using protocol::access;
using protocol::git_extra;

namespace {

// Longer than the gate's delay.
constexpr auto slow_deadline = 2 * gate_limits::auth_failure_delay;

constexpr std::string_view no_archive =
    "this server has no git archive --remote; clone, and run git archive there";

// The specification of Git LFS: a client shows the message of an error.
constexpr std::string_view no_lfs =
    R"({"message":"this server has no Git LFS; push without it, or set )"
    R"(lfs.url to a server that has it"})";

std::string retry_after() {
  return std::to_string(std::chrono::seconds{gate_limits::retry_after}.count());
}

std::string program_beside(const std::string& path, std::string_view name) {
  return path.substr(0, path.rfind('/') + 1).append(name);
}

} // namespace

void gate_traffic::add(const answered& x) noexcept {
  const int first_digit = x.status / 100;
  if (first_digit < 2 || first_digit > 5)
    ++left;
  else
    ++by_class[static_cast<std::size_t>(first_digit - 2)];
  received += x.received;
  sent += x.sent;
}

git_request::git_request(self_type* self, git_request_config config)
    : self_(self), config_(std::move(config)) {
  // nop
}

git_request::interface::behavior_type git_request::make_behavior() {
  self_->link_to(config_.gate);
  config_.request->own(http_request_owner{interface{self_}});
  decide();
  return {
      [this](const answered& x) { on_answered(x); },
      [this](const backend_said& x) { on_said(x); },
      [this](slot_atom, int status) { on_slot(status); },
      [this](crowded_atom) { config_.request->end_if_slow(); },
  };
}

void git_request::decide() {
  const auto& head = config_.request->head();
  if (head.method != "GET" && head.method != "POST")
    return refuse(405, "method not allowed", {{"Allow", "GET, POST"}});
  route_ = protocol::parse_git_route(head.target);
  if (!route_)
    return refuse_unrouted();
  if (head.tokens.empty())
    return refuse(401, "Authentication required",
                  {{"WWW-Authenticate", "Basic realm=\"terok gate\""}});
  const auto service = protocol::service_of(*route_);
  const auto decided =
      protocol::check(*config_.grants, head.tokens, route_->repository,
                      service.value_or(protocol::git_service::upload_pack));
  switch (decided.what) {
  case access::granted:
    break;
  case access::unknown_token:
    return slow_down();
  case access::other_scope:
    return refuse(403, "this token is for another repository");
  case access::read_only:
    return refuse(403, "this token may only read");
  }
  if (!service && protocol::git_extra_of(head.target) == git_extra::archive)
    return refuse(403, no_archive);
  if (!service)
    return refuse(403, "info/refs needs ?service=git-upload-pack or "
                       "?service=git-receive-pack and nothing else");
  if (head.method != protocol::method_of(route_->endpoint))
    return refuse(
        405, "method not allowed",
        {{"Allow", std::string(protocol::method_of(route_->endpoint))}});
  if (route_->endpoint == protocol::git_endpoint::upload_pack
      && head.content_length.value_or(0) > gate_limits::fetch_body_max_bytes)
    return refuse(413, "the request's body is too large");
  token_ = decided.token;
  const bool pushes = route_->endpoint == protocol::git_endpoint::receive_pack;
  self_->send(config_.gate, ask_slot{interface{self_}, token_, pushes});
}

void git_request::refuse_unrouted() {
  switch (protocol::git_extra_of(config_.request->head().target)) {
  case git_extra::none:
    return refuse(404, "not found");
  case git_extra::lfs:
    return refuse(501, no_lfs,
                  {{"Content-Type", "application/vnd.git-lfs+json"}});
  case git_extra::archive:
    return refuse(501, no_archive);
  }
}

void git_request::slow_down() {
  auto say = [this] { refuse(403, "unknown token"); };
  self_->request(config_.gate, slow_deadline, slow_atom::value)
      .then([say](slow_atom) { say(); }, [say](const caf::error&) { say(); });
}

void git_request::on_slot(int status) {
  if (status == 0)
    return serve();
  refuse(status,
         status == 429 ? "too many requests of this token at a time"
                       : "too many requests at a time",
         {{"Retry-After", retry_after()}});
}

void git_request::serve() {
  const auto& head = config_.request->head();
  const auto& backend = *config_.backend;
  protocol::cgi_request request;
  request.path_info = route_->path;
  request.query = route_->query;
  request.method = head.method;
  request.content_type = head.content_type;
  request.content_encoding = head.content_encoding;
  request.git_protocol = head.git_protocol;
  request.server_protocol = head.http_1_1 ? "HTTP/1.1" : "HTTP/1.0";
  request.content_length = head.content_length;
  const auto mark =
      config_.shared ? protocol::token_mark(token_) : std::string{};
  request.token_mark = mark;
  backend_plan plan{backend.program,
                    {"git-http-backend"},
                    protocol::cgi_environment(backend.cgi, request)};
  plan.runs_on_alone = route_->endpoint == protocol::git_endpoint::receive_pack;
  plan.reads_report = plan.runs_on_alone;
  if (route_->endpoint == protocol::git_endpoint::upload_pack)
    plan.body_max_bytes = gate_limits::fetch_body_max_bytes;
  if (auto service =
          protocol::direct_service_for(backend.cgi, request, *route_))
    plan.direct = {program_beside(backend.program, "git"),
                   std::move(*service),
                   {backend.cgi.home + "/.gitconfig",
                    backend.cgi.home + "/.config/git/config"}};
  const auto error =
      backend.program.empty() ? ENOENT : config_.request->serve(plan);
  started_ = error == 0;
  if (started_)
    return;
  if (may_complain())
    log(severity::error, name, "cannot start git, the request is refused",
        {{"why", protocol::error_text(error)}, {"program", backend.program}});
  if (error == ENOENT)
    refuse(500, "git not found");
  else
    refuse(503, "cannot start git", {{"Retry-After", retry_after()}});
}

void git_request::refuse(int status, std::string_view text,
                         const protocol::http_fields& fields) {
  config_.request->refuse(status, text, fields);
}

// A status of 400 and above is a warning, whether it is ours or git's. So is a
// push that git or a hook declined: it has the status 200, and only its client
// is told why. A 401 to a request without a token is only for debugging: git
// asks without a token first, so each clone begins with one.
void git_request::on_answered(const answered& x) {
  if (config_.traffic)
    config_.traffic->add(x);
  const auto& request = *config_.request;
  const bool asked = x.status == 401 && !request.head().has_authorization;
  const bool bad = !asked
                   && (x.status == 0 || x.status >= 400 || !x.trouble.empty()
                       || !x.declined.empty());
  if (!bad || may_complain())
    log(bad     ? severity::warning
        : asked ? severity::debug
                : severity::info,
        name, x.status == 0 ? "a client left" : "answered",
        {{"method", protocol::escaped(request.head().method, 16)},
         {"path", protocol::escaped(request.head().target, 256)},
         {"status", std::to_string(x.status)},
         {"received", std::to_string(x.received)},
         {"sent", std::to_string(x.sent)},
         {"trouble", x.trouble},
         {"declined", x.declined},
         {"said", x.said},
         {"pid", std::to_string(request.who().pid)},
         {"command", request.who().command}});
  if (started_ && x.status == 404 && may_complain())
    log(severity::warning, name,
        "git finds no repository there. Is it missing, or was another one put "
        "in its place while the gate ran? The gate's sandbox knows the old one "
        "alone: restart the gate",
        {{"path", protocol::escaped(request.head().target, 256)}});
  self_->quit();
}

// Clients without a token could fill the log with warnings.
bool git_request::may_complain() const {
  auto& limiter = *config_.complaints;
  if (!limiter.allow(self_->clock().now()))
    return false;
  if (auto withheld = limiter.take_withheld(); withheld > 0)
    log(severity::warning, name,
        "some warnings about requests were not written",
        {{"not_logged", std::to_string(withheld)}});
  return true;
}

void git_request::on_said(const backend_said& x) const {
  if (may_complain())
    log(severity::warning, name, "git says",
        {{"line", protocol::escaped(x.line)}});
}

git_request_actor spawn_git_request(io_host& io, git_request_config config) {
  return spawn_hosted<git_request>(io, std::move(config));
}

} // namespace clearance::actors
