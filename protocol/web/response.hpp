/// Answers to browsers as bytes. Source: clients.md, section 4.
#pragma once

#include "protocol/text/sha256.hpp"

#include <string>
#include <string_view>

namespace clearance::protocol {

/// The whole answer with a body. `policy` is the Content-Security-Policy.
std::string web_response(std::string_view type, std::string_view body,
                         std::string_view policy);

/// The whole answer without a body, after which the connection is closed.
std::string web_refused(int status);

/// The head of a stream: chunks follow, see web_chunk().
std::string web_stream_head();

/// One chunk of a stream, from bytes that are not empty.
std::string web_chunk(std::string_view bytes);

/// What a page may do: its one script and its one style, named by their
/// digests, and calls of this server. Nothing else is loaded, shown in a frame
/// or sent anywhere, and the script cannot make markup of text.
std::string web_page_policy(const sha256_digest& script,
                            const sha256_digest& style);

/// Base64 with padding. Source: RFC 4648, section 4.
std::string base64_text(const sha256_digest& x);

} // namespace clearance::protocol
