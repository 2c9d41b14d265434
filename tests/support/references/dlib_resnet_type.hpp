#pragma once

#include "face/dlib_headers.hpp"
// Above the others, which it changes.
#include <dlib/dnn.h>

/// dlib's face recognition network as dlib's templates spell it, to run dlib's own forward pass as the
/// reference. Slow to compile: include it in as few files as possible.
/// @source dlib_face_recognition_resnet_model_v1 (CC0), described with dlib's dnn_face_recognition example.
namespace findme::testing::dlib_resnet {

template <int Filters, int Stride, typename Below>
using Convolutions =
    dlib::affine<dlib::con<Filters, 3, 3, 1, 1,
                           dlib::relu<dlib::affine<dlib::con<Filters, 3, 3, Stride, Stride, Below>>>>>;

/// Same size, same channels.
template <int Filters, typename Below>
using Block = dlib::relu<dlib::add_prev1<Convolutions<Filters, 1, dlib::tag1<Below>>>>;

/// Half the size; the shortcut is averaged down and keeps its channels.
template <int Filters, typename Below>
using Halving = dlib::relu<dlib::add_prev2<
    dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<Convolutions<Filters, 2, dlib::tag1<Below>>>>>>>;

using Stem =
    dlib::max_pool<3, 3, 2, 2,
                   dlib::relu<dlib::affine<dlib::con<32, 7, 7, 2, 2, dlib::input_rgb_image_sized<150>>>>>;
using Stage1 = Block<32, Block<32, Block<32, Stem>>>;
using Stage2 = Block<64, Block<64, Block<64, Halving<64, Stage1>>>>;
using Stage3 = Block<128, Block<128, Halving<128, Stage2>>>;
using Stage4 = Block<256, Block<256, Halving<256, Stage3>>>;
using Stage5 = Halving<256, Stage4>;
using Net = dlib::loss_metric<dlib::fc_no_bias<128, dlib::avg_pool_everything<Stage5>>>;

}  // namespace findme::testing::dlib_resnet
