"""Questions to the chat page in its own language; each answers with what is not in order."""

NAMELESS = """() => [...document.querySelectorAll('button, a[href], input, select, textarea, [role=button], img')]
    .filter(node => node.checkVisibility({ visibilityProperty: true }))
    .filter(node => !(node.getAttribute('aria-label') || node.getAttribute('alt') || node.labels?.length
        || node.textContent.trim() || node.querySelector('img[alt]')))
    .map(node => node.outerHTML.slice(0, 120))"""
"""What one can see and use, though it has no name."""

SAME_IDS = """() => {
    const ids = [...document.querySelectorAll('[id]')].map(node => node.id);
    return ids.length - new Set(ids).size;
}"""
"""How many ids stand twice."""

POINTED_AT = """() => {
    const names = ['aria-controls', 'aria-labelledby', 'aria-activedescendant'];
    return [...document.querySelectorAll('*')].flatMap(node => names.map(name => node.getAttribute(name)))
        .filter(id => id && !document.getElementById(id));
}"""
"""Ids that something points at, though nothing has them."""

MOVING = """() => [...document.querySelectorAll('*')]
    .filter(node => parseFloat(getComputedStyle(node).animationDuration) > .011).length"""
"""How many nodes would move for longer than a blink."""

CONTRAST = """() => {
    const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const rgba = (colour) => {
        paint.clearRect(0, 0, 1, 1);
        paint.fillStyle = colour;
        paint.fillRect(0, 0, 1, 1);
        return [...paint.getImageData(0, 0, 1, 1).data];
    };
    const over = ([r, g, b, a], under) => [r, g, b].map((one, at) => (one * a + under[at] * (255 - a)) / 255);
    const linear = (one) => (one <= .04045 ? one / 12.92 : ((one + .055) / 1.055) ** 2.4);
    const light = (rgb) => {
        const [r, g, b] = rgb.map((one) => linear(one / 255));
        return .2126 * r + .7152 * g + .0722 * b;
    };
    const ground = (node) => {
        const layers = [];
        for (let at = node; at; at = at.parentElement) layers.push(rgba(getComputedStyle(at).backgroundColor));
        const page = rgba(getComputedStyle(document.documentElement).getPropertyValue('--page'));
        return layers.reverse().reduce((under, layer) => over(layer, under), page);
    };
    const weak = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        const words = walker.currentNode.data.trim();
        const seen = node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
        const exempt = node.closest(':disabled, .spoiler, .emoji, .unseen, [aria-hidden=true]');
        if (!words || !seen || exempt) continue;
        const behind = light(ground(node));
        const before = light(over(rgba(getComputedStyle(node).color), ground(node)));
        const ratio = (Math.max(before, behind) + .05) / (Math.min(before, behind) + .05);
        if (ratio < 4.5) weak.push(`${words} ${ratio.toFixed(2)}`);
    }
    return weak;
}"""
"""Words with less contrast than 4.5 : 1 to what lies behind them (WCAG 2.2, 1.4.3)."""
