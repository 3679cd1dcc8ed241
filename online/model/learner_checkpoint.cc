// SPDX-License-Identifier: Apache-2.0
#include "online/model/learner_checkpoint.h"

namespace freshet::online {
namespace {

constexpr std::uint64_t kFormat = 1;  // part of the on-disk format, do not renumber

Result<Positions> read_positions(ByteReader& in) {
  if (in.varint() != kFormat) return Error{Errc::invalid, "checkpoint: written in another version's format"};
  Positions positions;
  const std::uint64_t count = in.varint();
  for (std::uint64_t i = 0; i < count && in.ok(); ++i) {
    const auto partition = in.fixed<std::int32_t>();
    const auto offset = in.fixed<std::int64_t>();
    if (partition < 0 || offset < 0) return Error{Errc::corrupt, "checkpoint: not a saved state"};
    positions[partition] = offset;
  }
  if (!in.ok()) return Error{Errc::corrupt, "checkpoint: not a saved state"};
  return positions;
}

}  // namespace

void encode_checkpoint(const Positions& positions, const Model& model, ByteWriter& out) {
  out.varint(kFormat);
  out.varint(positions.size());
  for (const auto& [partition, offset] : positions) {
    out.fixed(partition);
    out.fixed(offset);
  }
  model.save(out);
}

std::string encode_checkpoint(const Positions& positions, const Model& model) {
  std::string bytes;
  ByteWriter out(bytes);
  encode_checkpoint(positions, model, out);
  return bytes;
}

Result<Positions> decode_checkpoint(std::string_view bytes, Model& model) {
  ByteReader in(bytes);
  auto positions = read_positions(in);
  if (!positions) return positions;
  if (auto loaded = model.load(in); !loaded) return loaded.error();
  return positions;
}

Positions decode_positions(std::string_view head) {
  ByteReader in(head);
  auto positions = read_positions(in);
  return positions ? *std::move(positions) : Positions{};
}

}  // namespace freshet::online
