// SPDX-License-Identifier: Apache-2.0
#include "serve/access/audit_log.h"

#include <stdexcept>

#include "base/log.h"
#include "base/random_bytes.h"

namespace freshet::serve {
namespace {

constexpr std::size_t kPseudonymDigits = 16;

constexpr std::size_t kKeyBytes = 32;

}  // namespace

AuditLog::AuditLog(const AuditOptions& options)
    : options_(options),
      // Without a key the pseudonyms are the same until the next start only.
      hash_(options.hash_key.empty() ? random_bytes(kKeyBytes) : options.hash_key) {
  if (const auto opened = reopen(); !opened) throw std::runtime_error(opened.error().message);
}

Result<void> AuditLog::reopen() {
  if (log::audit_to(options_.file)) return {};
  return Error{Errc::invalid, "serve.audit.file: " + options_.file + " cannot be opened for writing"};
}

void AuditLog::record(const Call& call) const {
  if (call.subject.empty()) {
    log::audit("admin call",
               {{"request", call.request}, {"key", call.key}, {"call", call.route}, {"status", call.status}});
    return;
  }
  const bool item = call.route.find("{item}") != std::string_view::npos;
  const bool plain = item || options_.ids;
  const std::string subject = plain ? std::string(call.subject) : pseudonym(call.subject);
  log::audit("admin call", {{"request", call.request},
                            {"key", call.key},
                            {"call", call.route},
                            {item    ? "item"
                             : plain ? "owner"
                                     : "owner_hash",
                             subject},
                            {"status", call.status}});
}

std::string AuditLog::pseudonym(std::string_view id) const { return hash_.hex(id, kPseudonymDigits); }

}  // namespace freshet::serve
