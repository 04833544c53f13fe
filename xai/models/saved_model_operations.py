"""Operations of TensorFlow that a SavedModel may use to answer: arithmetic on what it is given, and nothing else.

None of them reads or writes a file, a table, a network or the state of the program.
"""

from __future__ import annotations

_NAMES = """
    Placeholder PlaceholderWithDefault Const Identity IdentityN NoOp StopGradient PreventGradient Snapshot EnsureShape
    VarHandleOp VariableV2 Variable ReadVariableOp ResourceGather Gather GatherV2 GatherNd OneHot
    PartitionedCall StatefulPartitionedCall If StatelessIf While StatelessWhile Case StatelessCase Switch Merge Enter
    Exit NextIteration LoopCond Assert
    TensorListFromTensor TensorListReserve TensorListGetItem TensorListSetItem TensorListStack TensorListElementShape
    TensorListLength
    Abs Add AddN AddV2 BiasAdd BiasAddV1 Ceil ClipByValue Cos Cosh Cumprod Cumsum Div DivNoNan Erf Erfc Exp Expm1 Floor
    FloorDiv FloorMod Inv InvertPermutation Log Log1p Maximum Minimum Mod Mul MulNoNan Neg Pow RealDiv Reciprocal Rint
    Round Rsqrt Sigmoid Sign Sin Sinh Sqrt Square SquaredDifference Sub Tan Tanh TruncateDiv TruncateMod Xdivy Xlogy
    Atan Atan2 IsFinite IsInf IsNan
    Equal Greater GreaterEqual Less LessEqual LogicalAnd LogicalNot LogicalOr NotEqual ApproximateEqual Select SelectV2
    All Any ArgMax ArgMin Max Mean Min Prod Sum EuclideanNorm BitwiseAnd BitwiseOr BitwiseXor
    Elu Gelu LeakyRelu LogSoftmax Relu Relu6 Selu Softmax Softplus Softsign
    AvgPool AvgPool3D Conv2D Conv3D Conv DepthwiseConv2dNative Conv2DBackpropInput Conv3DBackpropInputV2 Dilation2D
    MaxPool MaxPool3D MaxPoolV2 LRN FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 L2Loss
    _FusedConv2D _FusedMatMul _FusedBatchNormEx
    BatchMatMul BatchMatMulV2 BatchMatMulV3 MatMul Einsum
    BatchToSpaceND SpaceToBatchND DepthToSpace SpaceToDepth BroadcastTo BroadcastArgs BroadcastGradientArgs Cast Concat
    ConcatV2 ExpandDims Fill LinSpace MirrorPad OnesLike Pack Pad PadV2 Range Rank Reshape Reverse ReverseV2 Roll Shape
    ShapeN Size Slice Split SplitV Squeeze StridedSlice Tile TopK TopKV2 Transpose Unpack Where ZerosLike MatrixBandPart
    MatrixDiag MatrixDiagV2 MatrixDiagV3 ExtractImagePatches
    AdjustContrastv2 AdjustHue AdjustSaturation CropAndResize HSVToRGB ImageProjectiveTransformV2
    ImageProjectiveTransformV3 RGBToHSV ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor
    ScaleAndTranslate
    Dequantize FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel QuantizeV2
    QuantizeAndDequantize QuantizeAndDequantizeV2 QuantizeAndDequantizeV3 QuantizeAndDequantizeV4
"""
OPERATIONS = frozenset(_NAMES.split())
