// SPDX-License-Identifier: Apache-2.0
#include "cli/streams/byte_source.h"

#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <vector>

namespace freshet::cli {
namespace {

constexpr std::size_t kChunk = 64 << 10;

struct FileCloser {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

/// The bytes of the file as they are.
class PlainSource : public ByteSource {
 public:
  PlainSource(std::FILE* file, std::uint64_t total) : file_(file), total_(total) {}

  Result<bool> read(std::string& out) override {
    const std::string_view chunk = fill();
    if (failed_) return Error{Errc::unavailable, std::strerror(errno)};
    out.append(chunk);
    return !chunk.empty();
  }

  std::uint64_t bytes_read() const override { return read_; }
  std::uint64_t bytes_total() const override { return total_; }

  /// The next bytes; empty at the end. Returns peeked bytes again.
  std::string_view fill() {
    if (!peeked_.empty()) {
      buffer_.assign(peeked_.begin(), peeked_.end());
      peeked_.clear();
      return {buffer_.data(), buffer_.size()};
    }
    buffer_.resize(kChunk);
    const std::size_t size = std::fread(buffer_.data(), 1, kChunk, file_.get());
    failed_ = size < kChunk && std::ferror(file_.get()) != 0;
    read_ += size;
    return {buffer_.data(), size};
  }

  std::string peek() {
    const std::string_view first = fill();
    peeked_ = std::string(first);
    return peeked_;
  }

  bool failed() const { return failed_; }

 private:
  std::unique_ptr<std::FILE, FileCloser> file_;
  std::uint64_t total_;
  std::uint64_t read_ = 0;
  bool failed_ = false;
  std::string peeked_;
  std::vector<char> buffer_;
};

class GzipSource final : public ByteSource {
 public:
  explicit GzipSource(std::unique_ptr<PlainSource> file) : file_(std::move(file)) {
    inflateInit2(&stream_, 15 + 16);  // 16: gzip header
  }
  ~GzipSource() override { inflateEnd(&stream_); }

  Result<bool> read(std::string& out) override {
    const std::size_t before = out.size();
    while (out.size() == before) {
      if (stream_.avail_in == 0) {
        input_ = file_->fill();
        if (file_->failed()) return Error{Errc::unavailable, std::strerror(errno)};
        if (input_.empty()) {
          if (!between_members_) return Error{Errc::corrupt, "the gzip file is truncated"};
          return false;
        }
        stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input_.data()));
        stream_.avail_in = static_cast<uInt>(input_.size());
      }
      if (between_members_) {
        // Zero bytes behind a member are padding, as for gzip(1).
        for (; stream_.avail_in > 0 && *stream_.next_in == 0; --stream_.avail_in) ++stream_.next_in;
        if (stream_.avail_in == 0) continue;
        inflateReset(&stream_);
        between_members_ = false;
      }
      out.resize(before + kChunk);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = kChunk;
      const int status = inflate(&stream_, Z_NO_FLUSH);
      out.resize(before + kChunk - stream_.avail_out);
      if (status == Z_STREAM_END) {
        between_members_ = true;
      } else if (status != Z_OK && status != Z_BUF_ERROR) {
        return Error{Errc::corrupt, "the gzip file is damaged"};
      }
    }
    return true;
  }

  std::uint64_t bytes_read() const override { return file_->bytes_read(); }
  std::uint64_t bytes_total() const override { return file_->bytes_total(); }

 private:
  std::unique_ptr<PlainSource> file_;
  z_stream stream_{};
  std::string_view input_;
  bool between_members_ = false;
};

class ZstdSource final : public ByteSource {
 public:
  explicit ZstdSource(std::unique_ptr<PlainSource> file) : file_(std::move(file)), stream_(ZSTD_createDStream()) {}
  ~ZstdSource() override { ZSTD_freeDStream(stream_); }

  Result<bool> read(std::string& out) override {
    const std::size_t before = out.size();
    while (out.size() == before) {
      if (input_.pos == input_.size) {
        const std::string_view chunk = file_->fill();
        if (file_->failed()) return Error{Errc::unavailable, std::strerror(errno)};
        if (chunk.empty()) {
          if (unfinished_ != 0) return Error{Errc::corrupt, "the zstd file is truncated"};
          return false;
        }
        input_ = {chunk.data(), chunk.size(), 0};
      }
      out.resize(before + kChunk);
      ZSTD_outBuffer output{out.data() + before, kChunk, 0};
      unfinished_ = ZSTD_decompressStream(stream_, &output, &input_);
      out.resize(before + output.pos);
      if (ZSTD_isError(unfinished_) != 0) return Error{Errc::corrupt, "the zstd file is damaged"};
    }
    return true;
  }

  std::uint64_t bytes_read() const override { return file_->bytes_read(); }
  std::uint64_t bytes_total() const override { return file_->bytes_total(); }

 private:
  std::unique_ptr<PlainSource> file_;
  ZSTD_DStream* stream_;
  ZSTD_inBuffer input_{nullptr, 0, 0};
  std::size_t unfinished_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path) {
  std::FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return Error{Errc::unavailable, "cannot open " + path + ": " + std::strerror(errno)};
  std::error_code error;
  const std::uint64_t size = path == "-" ? 0 : std::filesystem::file_size(path, error);
  auto plain = std::make_unique<PlainSource>(file, error ? 0 : size);
  const std::string first = plain->peek();
  if (plain->failed()) return Error{Errc::unavailable, "cannot read " + path + ": " + std::strerror(errno)};
  std::unique_ptr<ByteSource> source;
  if (first.starts_with("\x1f\x8b")) {
    source = std::make_unique<GzipSource>(std::move(plain));
  } else if (first.starts_with("\x28\xb5\x2f\xfd")) {
    source = std::make_unique<ZstdSource>(std::move(plain));
  } else {
    source = std::move(plain);
  }
  return source;
}

}  // namespace freshet::cli
