// SPDX-License-Identifier: Apache-2.0
#include "ingest/codec/event_encoder.h"

#include <string_view>

#include "base/json_number.h"
#include "base/json_text.h"
#include "ingest/codec/event_decoder.h"
#include "ingest/codec/item_encoder.h"
#include "ingest/codec/served_encoder.h"

namespace freshet::ingest {
namespace {

constexpr std::string_view kPartitionScope = ",\"$scope\":\"partition\"";

void append_name(std::string& out, std::string_view name) {
  out += out.size() <= 1 ? "\"" : ",\"";
  out += name;
  out += "\":";
}

void append_text(std::string& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  append_name(out, name);
  append_json_text(out, text);
}

}  // namespace

std::string encode_event(const Event& event) {
  if (event.kind == EventKind::item) return encode_item_change(*event.change);
  if (event.kind == EventKind::served) return encode_served_list(event);
  std::string out;
  out.reserve(160 + event.sender.size() + event.id.size() + event.user.size() + event.session.size() +
              event.item.size() + event.request.size() + event.props.size());
  out = "{";
  append_text(out, kSenderMember, event.sender);
  append_text(out, "id", event.id);
  append_text(out, "user", event.user);
  append_text(out, "session", event.session);
  append_text(out, "item", event.item);
  append_text(out, "type", event.kind == EventKind::erase ? kEraseType : std::string_view(event.type));
  // A smaller number would be read as seconds.
  if (to_ms(event.time) >= kFirstTimeInMs) {
    append_name(out, "ts");
    out += std::to_string(to_ms(event.time));
  } else {
    append_text(out, "ts", format_rfc3339(event.time));
  }
  if (event.value != 1.0F) {
    append_name(out, "value");
    append_json_number(out, event.value);
  }
  append_text(out, "request", event.request);
  if (!event.consent) out += ",\"consent\":false";
  if (event.partition_only) out += kPartitionScope;
  if (!event.props.empty()) {
    append_name(out, "props");
    out += event.props;
  }
  return out += '}';
}

std::string with_sender(std::string_view text, std::string_view sender) {
  const std::size_t brace = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");  // white space, byte order mark
  if (sender.empty() || brace == std::string_view::npos || text[brace] != '{') return std::string(text);
  std::string member;
  append_name(member, kSenderMember);
  append_json_text(member, sender);
  const std::string_view members = text.substr(brace + 1);
  const std::size_t first = members.find_first_not_of(" \t\r\n");
  if (first != std::string_view::npos && members[first] != '}') member += ',';
  std::string out;
  out.reserve(text.size() + member.size());
  return out.append(text.substr(0, brace + 1)).append(member).append(members);
}

std::string encode_erase(const Owner& owner, bool partition_only) {
  std::string out = "{";
  append_text(out, "type", kEraseType);
  append_text(out, owner.kind == Owner::Kind::user ? "user" : "session", owner.id);
  if (partition_only) out += kPartitionScope;
  return out += '}';
}

}  // namespace freshet::ingest
