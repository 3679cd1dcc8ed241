// SPDX-License-Identifier: Apache-2.0
#include "serve/options.h"

#include <arpa/inet.h>

#include <algorithm>
#include <boost/url.hpp>
#include <string_view>

namespace freshet::serve {
namespace {

bool has_wildcard(const std::string& text) { return text.find('*') != std::string::npos; }

/// As browsers write it: "https://shop.example:8443", in lower case.
bool is_origin(const std::string& text) {
  const auto url = boost::urls::parse_uri(text);
  return url && !has_wildcard(text) && (text.starts_with("http://") || text.starts_with("https://")) &&
         !url->host().empty() &&
         url->encoded_host_and_port().size() == text.size() - url->scheme().size() - std::string_view("://").size() &&
         std::ranges::none_of(text, [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// A name or an address, without a port.
bool is_host(const std::string& text) {
  const auto authority = boost::urls::parse_authority(text);
  return is_address(text) ||
         (authority && !text.empty() && !has_wildcard(text) && std::string(authority->encoded_host()) == text);
}

template <typename Fits>
OptionRule<std::vector<std::string>> each(Fits fits, std::string expected) {
  return [fits, expected](const std::vector<std::string>& texts) {
    OptionProblems problems;
    for (const std::string& text : texts) {
      if (!fits(text)) problems.push_back({"", "\"" + text + "\": expected " + expected});
    }
    return problems;
  };
}

}  // namespace

bool is_loopback(const std::string& text) {
  in_addr v4{};
  if (inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return text == "::1" || boost::urls::grammar::ci_is_equal(text, "localhost");
}

bool is_address(const std::string& text) {
  in_addr v4{};
  in6_addr v6{};
  return inet_pton(AF_INET, text.c_str(), &v4) == 1 || inet_pton(AF_INET6, text.c_str(), &v6) == 1;
}

bool Options::is_public() const { return !is_loopback(address); }

std::vector<Option<TlsOptions>> TlsOptions::describe() {
  using namespace std::chrono_literals;
  return {
      option::text(
          "certificate", &TlsOptions::certificate,
          "PEM file of the server's certificate chain, the server's own certificate first. It is read again on "
          "SIGHUP. Empty: plain HTTP."),
      option::text("key", &TlsOptions::key, "PEM file of the certificate's private key, not encrypted."),
      option::duration("handshake_timeout", &TlsOptions::handshake_timeout, {10ms, 10min},
                       "Longest time from accepting a connection to the end of its TLS handshake."),
  };
}

std::vector<Option<AuditOptions>> AuditOptions::describe() {
  return {
      option::text("file", &AuditOptions::file,
                   "File that audit lines (admin calls) are appended to. It is opened again on SIGHUP. Empty: audit "
                   "lines go to the log."),
      option::flag(
          "ids", &AuditOptions::ids,
          "Writes the ids of users and sessions into audit lines. Otherwise a keyed hash of each id is written."),
      option::text("hash_key", &AuditOptions::hash_key,
                   "Secret key of that hash: \"$env:NAME\" or \"$file:PATH\". Empty: a new random key at every start.")
          .secret(),
  };
}

std::vector<Option<Options>> Options::describe() {
  using namespace std::chrono_literals;
  using option::kGiB;
  using option::kKiB;
  using option::kMiB;
  using option::kMillion;
  std::vector<Option<Options>> all{
      option::text(
          "address", &Options::address,
          "IP address or host name to listen on. Of the addresses of a name the first is taken, one of IPv4 if "
          "there is one."),
      option::integer("port", &Options::port, {0, 65535},
                      "Port to listen on. 0: any free port; the log says which one."),
      option::integer("threads", &Options::threads, {1, 256}, "I/O threads. They also compute the answers."),
      option::flag("allow_public", &Options::allow_public,
                   "Allows an address that other machines can reach even though there are no keys."),
      option::text(
          "keys_file", &Options::keys_file,
          "File of API keys, one per line (`freshet keys new`). It is read again on SIGHUP. Empty: no keys are "
          "needed, and every client may call everything."),
      option::verbatim<Options, std::vector<std::string>>(
          "hosts", &Options::hosts, "list of host names",
          "Names that the service is called by, beside loopback and `address`. Without keys a request whose Host is "
          "any "
          "other is refused: it may come from a web page through a DNS server of an attacker.",
          each(is_host, "a host name without a port")),
      option::verbatim<Options, std::vector<std::string>>(
          "cors_origins", &Options::cors_origins, "list of origins",
          "Origins (\"https://shop.example\") whose web pages may send events, with a key of the scope to write.",
          each(is_origin, "an origin, in lower case and without a path: \"https://shop.example\"")),
      option::flag("open_metrics", &Options::open_metrics,
                   "Answers /metrics without a key. Otherwise a key with the scope to read is needed."),
      option::integer("max_connections", &Options::max_connections, {1, kMillion},
                      "Largest number of open connections. Beyond it new connections are closed at once. Fewer if the "
                      "limit of open files (ulimit -n), less 1,200 for the store, is lower."),
      option::size(
          "max_body_bytes", &Options::max_body_bytes, {kKiB, kGiB},
          "Largest request body, except for NDJSON of events or items, of which it is the largest line if it is "
          "less than 1 MiB."),
      option::size("max_body_bytes_total", &Options::max_body_bytes_total, {kKiB, 1024 * kGiB},
                   "Memory for all request bodies together, without those no larger than max_header_bytes. Beyond it "
                   "requests are refused with 503 before their body is read."),
      option::size("max_answer_bytes_total", &Options::max_answer_bytes_total, {16 * kMiB, 1024 * kGiB},
                   "Memory for all answers together that clients have not read yet, without those no larger than "
                   "max_header_bytes. Beyond it answers are replaced by 503."),
      option::size("max_header_bytes", &Options::max_header_bytes, {kKiB, kMiB}, "Largest request header."),
      option::duration(
          "header_timeout", &Options::header_timeout, {10ms, 10min},
          "Longest time from the first byte of a request to its last, or to the end of the next line of NDJSON."),
      option::duration("idle_timeout", &Options::idle_timeout, {10ms, 24h},
                       "Longest time between two requests of a kept-alive connection."),
      option::duration("write_timeout", &Options::write_timeout, {10ms, 10min},
                       "Longest time for a client to read its response."),
      option::duration("after_timeout", &Options::after_timeout, {0s, 10min}, "Longest wait for an \"after\" token."),
      option::duration(
          "events_timeout", &Options::events_timeout, {10ms, 10min},
          "Longest wait for events and changes to become durable, from when all of the request has arrived."),
      option::duration("shed_delay", &Options::shed_delay, {1ms, 1min},
                       "Time that an I/O thread must have been overloaded before it refuses lists with 503."),
      option::duration("drain_timeout", &Options::drain_timeout, {0s, 10min},
                       "Longest wait for requests in flight at shutdown."),
      option::integer("default_k", &Options::default_k, {1, 10'000},
                      "Number of items in a list if the request does not give k."),
      option::integer("max_k", &Options::max_k, {1, 10'000}, "Largest k that a request can give."),
      option::number("explore_share", &Options::explore_share, {0, 1},
                     "Share of the lists for users and sessions that get one item with few clicks by chance, of those "
                     "that the part content finds most fitting. Such an entry says so, and how likely it was."),
      option::integer("max_events_per_request", &Options::max_events_per_request, {1, kMillion},
                      "Largest number of events in one request, or in a piece of NDJSON that is longer."),
      option::integer("max_items_per_request", &Options::max_items_per_request, {1, kMillion},
                      "Largest number of items in one request, or in a piece of NDJSON that is longer."),
  };
  append(all, within("tls", &Options::tls));
  append(all, within("audit", &Options::audit));
  return all;
}

OptionProblems Options::validate() const {
  OptionProblems problems = check(describe(), *this);
  if (!is_host(address)) {
    problems.push_back({"address", "\"" + address + "\" is neither an IP address nor a host name"});
  } else if (is_public() && keys_file.empty() && !allow_public) {
    problems.push_back(
        {"address", address + " can be reached by other machines, and there are no keys; set serve.keys_file "
                              "(see `freshet keys new`), or serve.allow_public = true if everyone who can reach "
                              "it may call everything"});
  }
  if (tls.certificate.empty() != tls.key.empty()) {
    problems.push_back(tls.key.empty() ? OptionProblem{"tls.key", "serve.tls.certificate needs it"}
                                       : OptionProblem{"tls.certificate", "serve.tls.key needs it"});
  }
  if (!cors_origins.empty() && keys_file.empty()) {
    problems.push_back({"cors_origins", "needs serve.keys_file: without keys a page could call everything"});
  }
  if (max_body_bytes_total < max_body_bytes) {
    problems.push_back({"max_body_bytes_total", "must not be less than serve.max_body_bytes"});
  }
  if (default_k > max_k) problems.push_back({"default_k", "must not exceed serve.max_k"});
  return problems;
}

}  // namespace freshet::serve
