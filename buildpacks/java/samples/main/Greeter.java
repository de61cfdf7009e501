/** Says who runs it: the smallest application that shows what a droplet runs with. */
public final class Greeter {
    private Greeter() {}

    public static void main(String[] arguments) {
        String name = arguments.length > 0 ? arguments[0] : "world";
        System.out.println("Hello, " + name + "!");
        System.out.println("java.home " + System.getProperty("java.home"));
        System.out.println("greeting " + System.getProperty("greeting", "none"));
        if (name.equals("exhaust")) {
            // More than any heap: to see what becomes of an application that asks too much.
            for (byte[][] all = new byte[1 << 16][]; ; ) {
                for (int i = 0; i < all.length; i++) {
                    all[i] = new byte[1 << 20];
                }
            }
        }
        System.out.println("heap " + (Runtime.getRuntime().maxMemory() >> 20) + "M");
    }
}
