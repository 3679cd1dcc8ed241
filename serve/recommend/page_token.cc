// SPDX-License-Identifier: Apache-2.0
#include "serve/recommend/page_token.h"

#include "base/base64.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/sip_hash.h"

namespace freshet::serve {
namespace {

// The token: version, checksum of the owner, id of the first list, hashes, checksum of all that.
constexpr std::uint8_t kVersion = 1;
constexpr std::size_t kIdBytes = 16;
constexpr std::size_t kAroundHashes = sizeof kVersion + sizeof(std::uint32_t) + kIdBytes + sizeof(std::uint64_t);

constexpr SipKey kKey{0x66726573686574, 0x70616765};  // known to everybody: the same on every instance
enum Domain : std::uint64_t { kOfItem, kOfUser, kOfSession, kOfToken };

std::uint32_t owner_hash(const Owner& owner) {
  return static_cast<std::uint32_t>(sip_hash(kKey, owner.kind == Owner::Kind::user ? kOfUser : kOfSession, owner.id));
}

}  // namespace

std::uint32_t item_hash(std::string_view item) { return static_cast<std::uint32_t>(sip_hash(kKey, kOfItem, item)); }

std::string to_text(const PageToken& token, const Owner& owner) {
  FRESHET_CHECK(token.first.size() == kIdBytes);
  std::string bytes;
  ByteWriter out(bytes);
  out.fixed(kVersion);
  out.fixed(owner_hash(owner));
  bytes += token.first;
  for (const std::uint32_t hash : token.shown) out.fixed(hash);
  out.fixed(sip_hash(kKey, kOfToken, bytes));
  return to_base64url(bytes);
}

Result<PageToken> parse_page_token(std::string_view text, const Owner& owner) {
  const Error bad{Errc::invalid, "not the \"next\" of a list"};
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() < kAroundHashes || (bytes->size() - kAroundHashes) % sizeof(std::uint32_t) != 0)
    return bad;
  const std::size_t count = (bytes->size() - kAroundHashes) / sizeof(std::uint32_t);
  ByteReader in(*bytes);
  const auto version = in.fixed<std::uint8_t>();
  const auto of = in.fixed<std::uint32_t>();
  PageToken token;
  token.first = in.take(kIdBytes);
  if (token.first.find_first_not_of("0123456789abcdef") != std::string::npos) return bad;
  if (count > PageToken::kMaxShown) return bad;
  for (std::size_t i = 0; i < count; ++i) token.shown.push_back(in.fixed<std::uint32_t>());
  const std::string_view checked = std::string_view(*bytes).substr(0, bytes->size() - sizeof(std::uint64_t));
  if (version != kVersion || in.fixed<std::uint64_t>() != sip_hash(kKey, kOfToken, checked)) return bad;
  if (of != owner_hash(owner)) return Error{Errc::invalid, "the \"next\" of a list of another user or session"};
  return token;
}

}  // namespace freshet::serve
