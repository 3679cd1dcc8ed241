// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace freshet {

static_assert(std::endian::native == std::endian::little, "values are written in the machine's byte order");

/// Appends values to a byte string: fixed-width little-endian, LEB128 varints, length-prefixed strings. With a `spill`
/// function the string is a buffer of at most kPiece bytes: full buffers are passed to `spill`, the last one by flush().
/// Threads: one.
class ByteWriter {
 public:
  using Spill = std::function<void(std::string_view)>;
  static constexpr std::size_t kPiece = 1 << 20;

  explicit ByteWriter(std::string& out, Spill spill = nullptr) : out_(out), spill_(std::move(spill)) {}

  template <typename T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void fixed(T value) {
    append({reinterpret_cast<const char*>(&value), sizeof value});
  }

  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<char>(value | 0x80));
    out_.push_back(static_cast<char>(value));
  }

  void string(std::string_view value) {
    varint(value.size());
    append(value);
  }

  /// The number of elements, then the elements in their memory layout.
  template <typename T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  void array(std::span<const T> values) {
    varint(values.size());
    append({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
  }

  void flush() {
    if (!spill_) return;
    spill_(out_);
    out_.clear();
  }

 private:
  void append(std::string_view bytes) {
    if (spill_ && out_.size() + bytes.size() >= kPiece) {
      flush();
      if (bytes.size() >= kPiece) return spill_(bytes);  // no copy of a large array
    }
    out_.append(bytes);
  }

  std::string& out_;
  const Spill spill_;
};

/// Reads what ByteWriter wrote. Total over any bytes: after the first value that is not there as a whole, ok() is false
/// and all further values are zero or empty, so callers check once at the end.
/// Threads: one.
/// Owns:    nothing; the bytes must outlive the reader and the views that it returns.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::size_t remaining() const { return rest_.size(); }

  template <typename T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  T fixed() {
    T value{};
    const std::string_view bytes = take(sizeof value);
    if (!bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = fixed<std::uint8_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    ok_ = false;
    return 0;
  }

  /// A view of the bytes given to the constructor.
  std::string_view string() { return take(varint()); }

  template <typename T>
    requires(std::is_arithmetic_v<T> || std::is_enum_v<T>)
  std::vector<T> array() {
    const std::uint64_t count = varint();
    if (count > rest_.size() / sizeof(T)) {
      ok_ = false;
      return {};
    }
    std::vector<T> values(count);
    const std::string_view bytes = take(count * sizeof(T));
    if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }

  std::string_view take(std::uint64_t size) {
    if (!ok_ || size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const std::string_view bytes = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return bytes;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace freshet
